"""The findings of every kind of advice, the weightiest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ramet.tools.dashboard.store import Store

__all__ = ["Declared", "Finding", "findings"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the code says, as far as advice needs it; without a manifest, nothing."""

    services: frozenset[str] = frozenset()
    deadlines: Mapping[str, int | None] = field(default_factory=dict)
    """Deadline in milliseconds of each operation (`products.v1.Products/reserve`), or None."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to think about, and why."""

    kind: str
    """Kebab-case: `chatty-pair`, `repeated-call`, `repeated-query`, `call-in-transaction`, ..."""
    subject: str
    """What it is about: a service, a pair or an operation."""
    sentence: str
    """What was seen."""
    remedy: str
    """What to do."""
    counts: Mapping[str, float] = field(default_factory=dict)
    """The figures behind the sentence, by a name for a person."""
    places: tuple[str, ...] = ()
    """`file:line` of the code."""
    traces: tuple[str, ...] = ()
    """Ids of up to five traces that show it."""
    cost: int = 0
    """Nanoseconds spent on it in what was looked at: findings are sorted by it."""


NOTHING = Declared()


def findings(store: Store, declared: Declared = NOTHING) -> list[Finding]:
    """Look at the traces of the last hour; nothing is said on fewer than 20 traces."""
    raise NotImplementedError
