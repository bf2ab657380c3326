"""One finding, and what the code declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Declared", "Finding", "duration", "percent"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the code says, as far as advice needs it; without a manifest, nothing."""

    services: frozenset[str] = frozenset()
    """Of the system: others cannot be merged or changed by who reads this. Empty: all are."""
    deadlines: Mapping[str, int | None] = field(default_factory=dict)
    """Deadline in milliseconds of each operation (`products.v1.Products/reserve`), or None."""

    def has(self, service: str) -> bool:
        """Whether a service is of the system."""
        return not self.services or service in self.services


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


def percent(part: float) -> str:
    """`42%`."""
    return f"{part:.0%}"


def duration(nanoseconds: float) -> str:
    """`4.25 ms` or `3.4 s`, with three digits."""
    if nanoseconds < 1e9:
        return f"{nanoseconds / 1e6:.3g} ms"
    return f"{nanoseconds / 1e9:.3g} s"
