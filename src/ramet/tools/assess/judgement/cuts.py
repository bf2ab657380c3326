"""Every line that a split would have to change, how it is changed, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from ramet.tools.assess.facts import Edge, EdgeKind, Scan
from ramet.tools.assess.findings import Cut, How
from ramet.tools.assess.judgement.direct_uses import direct_uses
from ramet.tools.assess.judgement.efforts import (
    EFFORTS,
    FURTHER_SERVICE,
    INHERITANCE,
    SHARED_TABLE,
)
from ramet.tools.assess.judgement.places import PLATFORM, Places
from ramet.tools.assess.judgement.transactions import cuts_of_transactions

__all__ = ["USER_MODEL", "find_cuts"]

USER_MODEL = "auth.User"
"""Django's own, which each project has that names no other: it is one service's to keep."""

_FIELDS: frozenset[EdgeKind] = frozenset({"fk", "o2o", "m2m"})
_READS: frozenset[EdgeKind] = frozenset(
    {"lookup", "accessor", "raw_sql", "serializer", "form", "admin"}
)
_NO_LINE: frozenset[EdgeKind] = frozenset({"atomic", "trace", "history", "gfk"})
"""Said by `Scan.atomics`, or by no line of code, or about no one model."""

_FIXED: Mapping[EdgeKind, tuple[How, str]] = {
    "generic_relation": (
        "contract call",
        "It lists rows of the other side that point here by content type; the other side is asked.",
    ),
    "raw_sql": ("batch query", "The SQL names a table that this side no longer has."),
    "admin": ("contract call", "An inline or a column shows rows of the other side."),
    "form": ("contract call", "A form over the other side's model asks it for choices and saves."),
    "signal": (
        "event",
        "The receiver runs in another process: the sender publishes what happened.",
    ),
    "task": ("event", "The task runs on the other side, which listens to what happened."),
    "call": ("contract call", "A function of the other side becomes an operation of its contract."),
    "command": ("contract call", "The command runs on one side and asks the other."),
    "get_model": ("contract call", "A model looked up by name is not registered on this side."),
    "import_string": ("contract call", "What is looked up by name is not installed on this side."),
    "template": ("template include", "The template is on the other side: a fragment or a copy."),
    "url": ("template include", "The name resolves on the other side only: an address instead."),
    "content_type": ("id alone", "Each service has content types of its own: the name is kept."),
    "permission": ("id alone", "A permission of the other side is a scope of the caller's token."),
    "migration": ("move code", "The dependency goes once the constraint is dropped."),
    "settings": ("move code", "The setting moves to the service that reads it."),
    "middleware": ("move code", "The middleware moves to each service that needs it."),
    "import": ("move code", "The import goes with the use; what is left is moved or copied."),
    "import_typing": ("nothing to do", "It is only for a type checker."),
    "import_chain": ("nothing to do", "It goes with the import that begins it."),
}


class Sides(NamedTuple):
    """What sides know of each other's models: by relation, and by reading them."""

    relates: frozenset[tuple[str, str]]
    reads: frozenset[tuple[str, str]]


def find_cuts(scan: Scan, places: Places) -> list[Cut]:
    """Cuts in the order of file and line; the first use of each means carries what it costs.

    Relations to models of installed packages are no cuts, but for the user's; nor is the use of a
    library of one's own, which every service installs.
    """
    crossing = list(_crossing(scan.edges, places))
    uses = list(direct_uses(scan, places))
    sides = Sides(
        relates=frozenset(
            (here, edge.target) for edge, here, _ in crossing if edge.kind in _FIELDS
        ),
        reads=frozenset(
            [(here, edge.target) for edge, here, _ in crossing if edge.kind in _READS]
            + [(places.side(use.edge.source) or "", use.edge.target) for use in uses]
        ),
    )
    cuts = [_cut(edge, here, there, _how(edge, here, sides)) for edge, here, there in crossing]
    for use in uses:
        here, there = places.side(use.edge.source) or "", places.side(use.edge.target) or ""
        cuts.append(_cut(use.edge, here, there, _WRITTEN if use.is_write else _READ))
    cuts += cuts_of_transactions(scan, places)
    cuts.sort(key=lambda cut: (cut.edge.file, cut.edge.line, cut.edge.kind, cut.edge.target))
    return _priced(cuts)


_WRITTEN: tuple[How, str] = (
    "contract call",
    "It writes the model by its class: the other side does that, in an operation.",
)
_READ: tuple[How, str] = (
    "batch query",
    "It reads the model by its class: the other side answers, for many ids in one call.",
)


def _cut(edge: Edge, here: str, there: str, how: tuple[How, str]) -> Cut:
    return Cut(edge=edge, source_group=here, target_group=there, how=how[0], why=how[1], effort=0)


def _crossing(edges: Iterable[Edge], places: Places) -> Iterator[tuple[Edge, str, str]]:
    for edge in edges:
        here, there = places.side(edge.source), places.side(edge.target)
        if here is None or there is None or here in (there, PLATFORM):
            continue
        if edge.kind in _NO_LINE or places.is_library(edge.target):
            continue
        if there == PLATFORM and not (edge.target == USER_MODEL and edge.kind in _FIELDS):
            continue
        yield edge, here, there


def _how(edge: Edge, here: str, sides: Sides) -> tuple[How, str]:
    """How one edge is cut, and why so."""
    key = (here, edge.target)
    if edge.kind in ("mti_parent", "proxy"):
        return "id and replica", "One row lies in two tables: the child gets a row of its own."
    if edge.kind in _FIELDS:
        if edge.target == USER_MODEL:
            return "id alone", "The caller's token says who the user is; the id is kept."
        if key in sides.reads:
            return (
                "id and replica",
                "The id is kept without its constraint; other lines read the row, so a replica "
                "holds what they read.",
            )
        return "id alone", "The id is kept without its constraint; no line here reads the row."
    if edge.kind in ("lookup", "accessor", "serializer"):
        if key in sides.relates:
            return "id and replica", "It joins along a relation of this side: to the replica."
        return (
            "batch query",
            "It joins against the direction of the relation: the other side answers for many ids "
            "in one call.",
        )
    if edge.kind in ("call", "import_string") and "." not in edge.target:
        return "move code", "What is called touches no model: a package that both sides install."
    return _FIXED[edge.kind]


def _priced(cuts: list[Cut]) -> list[Cut]:
    made: set[tuple[str, ...]] = set()
    priced = []
    for cut in cuts:
        price = EFFORTS[cut.how]
        means = _means(cut)
        effort = price.further if means in made else price.first
        made.add(means)
        if cut.edge.kind in ("mti_parent", "proxy"):
            effort = INHERITANCE
        elif cut.edge.kind == "m2m":
            effort += SHARED_TABLE
        effort += FURTHER_SERVICE * len(cut.further_groups)
        priced.append(msgspec.structs.replace(cut, effort=effort))
    return priced


def _means(cut: Cut) -> tuple[str, ...]:
    """What has to be made once, whoever uses it then (see `EFFORTS`)."""
    if cut.how in ("contract call", "batch query"):
        return cut.how, cut.target_group
    if cut.how in ("event", "saga"):
        return cut.how, cut.source_group
    if cut.how in ("id alone", "id and replica"):
        return cut.how, cut.source_group, cut.edge.target
    return cut.how, *sorted((cut.source_group, cut.target_group))
