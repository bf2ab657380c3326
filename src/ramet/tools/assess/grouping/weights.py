"""How much each reason ties two models together: the one place where evidence is weighed.

The scale is relative: 1 is a query that leads from one model to the other, or a call. What would
have to be taken apart at a higher price weighs more. A reason that holds at `times` places weighs
`1 + ln(times)` as much: the tenth lookup says less than the first. The table is explained in
docs/explanation/how-an-assessment-judges.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log1p

from ramet.tools.assess.facts import EdgeKind

__all__ = ["APP", "CONTEXT", "INSEPARABLE", "WEIGHTS", "of_context", "of_link"]

INSEPARABLE: frozenset[EdgeKind] = frozenset({"proxy"})
"""One table under two names: never parted, so never weighed."""

WEIGHTS: Mapping[EdgeKind, float] = {
    # the database keeps them together: one row in two tables, a constraint, a table of both
    "mti_parent": 6,
    "o2o": 3,
    "m2m": 2,
    "fk": 2,
    "generic_relation": 0.5,  # anything can have such an attachment
    "gfk": 0,  # leads to any model, so it says nothing about a single one
    # one transaction writes both
    "atomic": 3,
    "trace": 2,
    # somebody reads them together
    "raw_sql": 2,
    "lookup": 1,
    "accessor": 1,
    "serializer": 1,
    "form": 1,
    "admin": 1,
    "template": 0.5,
    # something in one makes something happen in the other
    "signal": 1.5,
    "call": 1,
    "task": 0.5,
    "command": 0.5,
    # they know each other's names
    "get_model": 0.5,
    "import_string": 0.5,
    "content_type": 0.5,
    "permission": 0.25,
    "url": 0.25,
    "import": 0.25,
    "history": 0.5,
    # follows from other edges, or never runs, or concerns everybody
    "migration": 0,
    "import_typing": 0,
    "import_chain": 0,
    "settings": 0,
    "middleware": 0,
}

CONTEXT = 0.5
"""Touched by the same functions."""

APP = 3.0
"""Put into the same app by those who wrote it: their own opinion on what belongs together."""


def of_link(kind: EdgeKind, times: float) -> float:
    """What a reason weighs that holds at so many places, or calls so often; at least once."""
    return WEIGHTS[kind] * (1 + log(times))


def of_context(weight: float, together: float) -> float:
    """What being seen together weighs.

    `together` sums, over what both were seen in, 1 over how many others each was seen with there
    (Newman, "Scientific collaboration networks II", 2001): a function that touches everything says
    little about any pair.
    """
    return weight * log1p(together)
