"""How much each reason ties two models together: the one place where evidence is weighed.

The scale is relative: 1 is a call from one to the other. Reasons of one family say much the same,
so their places add up and count once, by `damped`: the tenth lookup says less than the first.
What the database ties counts whole; what merely reads or starts the other side counts half, for
that is what an entangled system has everywhere, and what a cut replaces. The table is explained in
docs/explanation/how-an-assessment-judges.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log1p

from ramet.tools.assess.facts import EdgeKind

__all__ = [
    "APP",
    "COARSE",
    "CONTEXT",
    "FAMILIES",
    "FAMILY_OF",
    "INSEPARABLE",
    "TRANSACTION",
    "damped",
    "of_app",
    "of_context",
]

INSEPARABLE: frozenset[EdgeKind] = frozenset({"proxy"})
"""One table under two names: never parted, so never weighed."""

FAMILIES: Mapping[str, tuple[float, Mapping[EdgeKind, float]]] = {
    "the database ties them": (
        1.0,
        {"mti_parent": 6, "o2o": 3, "m2m": 2, "fk": 2, "generic_relation": 0.5},
    ),
    "one calls the other": (1.0, {"call": 1}),
    "one reads the other": (
        0.5,
        {
            "lookup": 1,
            "accessor": 1,
            "serializer": 1,
            "form": 1,
            "admin": 1,
            "raw_sql": 2,
            "trace": 2,
            "template": 0.5,
        },
    ),
    "one starts something at the other": (0.5, {"signal": 1, "task": 1, "command": 0.5}),
    "one names the other": (
        0.25,
        {
            "import": 1,
            "get_model": 1,
            "import_string": 1,
            "content_type": 1,
            "permission": 1,
            "url": 1,
            "history": 1,
        },
    ),
}
"""Of each family, how much it counts, and its reasons with how much each place adds.

Not here, so of no weight: a GenericForeignKey (leads to any model), `atomic` (see `TRANSACTION`),
and what follows from others, never runs, or concerns everybody: migrations, imports for typing,
chains of imports, settings, middleware.
"""

FAMILY_OF: Mapping[EdgeKind, str] = {
    kind: family for family, (_, kinds) in FAMILIES.items() for kind in kinds
}

CONTEXT = 0.5
"""Touched by the same functions."""

TRANSACTION = 0.5
"""Written in the same transactions, though they are of different apps."""

APP = 10.0
"""Put into the same app by those who wrote it: their own opinion on what belongs together."""

COARSE = 20
"""Models from which an app is no such opinion any more; its weight falls as it grows beyond."""


def of_app(size: int) -> float:
    """What it weighs for a pair to be in one app of `size` models."""
    return of_context(APP * min(1.0, COARSE / size), 1 / (size - 1))


def damped(places: float) -> float:
    """The weight of so many places, or calls: each counts less than the one before."""
    return places if places < 1 else 1 + log(places)


def of_context(weight: float, together: float) -> float:
    """What being seen together weighs.

    `together` sums, over what both were seen in, 1 over how many others each was seen with there
    (Newman, "Scientific collaboration networks II", 2001): a function that touches everything says
    little about any pair.
    """
    return weight * log1p(together)
