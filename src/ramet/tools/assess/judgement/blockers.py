"""What must go before anything is parted, because no means of ours gets around it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ramet.tools.assess.facts import Scan
from ramet.tools.assess.findings import Blocker, Cut
from ramet.tools.assess.judgement.places import PLATFORM, Places

__all__ = ["find_blockers"]

_HARD = ("fk", "o2o", "m2m", "mti_parent")


def find_blockers(scan: Scan, cuts: Sequence[Cut], places: Places) -> list[Blocker]:
    """The dearest first. Each one's effort is that of its cuts, and part of their sum."""
    found = [
        *_inheritance(cuts),
        *_transactions(cuts),
        *_shared_tables(cuts),
        *_generic_relations(scan, cuts, places),
        *_cycles(cuts),
    ]
    return sorted(found, key=lambda each: (-each.effort, each.kind, each.file, each.line))


def _inheritance(cuts: Sequence[Cut]) -> Iterator[Blocker]:
    for cut in cuts:
        if cut.edge.kind in ("mti_parent", "proxy"):
            yield Blocker(
                kind="inheritance",
                groups=sorted({cut.source_group, cut.target_group}),
                file=cut.edge.file,
                line=cut.edge.line,
                what=f"{cut.edge.source} inherits the table of {cut.edge.target}, "
                "which belongs to another group.",
                remedy="Give the child a table of its own with the parent's id (an abstract base "
                "for the shared fields), or keep both in one group: pin them.",
                effort=cut.effort,
            )


def _transactions(cuts: Sequence[Cut]) -> Iterator[Blocker]:
    """Those that a saga replaces; a command's is none, for it can do one side after the other."""
    for cut in cuts:
        if cut.how == "saga":
            groups = sorted(cut.sides)
            yield Blocker(
                kind="shared transaction",
                groups=groups,
                file=cut.edge.file,
                line=cut.edge.line,
                what=f"{cut.edge.field} writes {_listed(groups)} in one transaction.",
                remedy="Let one group write and publish an event in the same transaction; where "
                "another must be able to say no, make it a saga.",
                effort=cut.effort,
            )


def _shared_tables(cuts: Sequence[Cut]) -> Iterator[Blocker]:
    for cut in cuts:
        if cut.edge.kind == "m2m" and cut.target_group != PLATFORM:
            through = cut.edge.through or "a table that Django makes"
            yield Blocker(
                kind="shared table",
                groups=sorted({cut.source_group, cut.target_group}),
                file=cut.edge.file,
                line=cut.edge.line,
                what=f"{cut.edge.source}.{cut.edge.field} and {cut.edge.target} share {through}.",
                remedy="Make the table a model of one group, with the other side's id in place of "
                "its foreign key.",
                effort=cut.effort,
            )


def _generic_relations(scan: Scan, cuts: Sequence[Cut], places: Places) -> Iterator[Blocker]:
    for edge in scan.edges:
        home = places.side(edge.source)
        if edge.kind != "gfk" or home in (None, PLATFORM):
            continue
        listed = [
            cut
            for cut in cuts
            if cut.edge.kind == "generic_relation" and cut.edge.target == edge.source
        ]
        yield Blocker(
            kind="generic relation",
            groups=sorted({home or "", *(cut.source_group for cut in listed)}),
            file=edge.file,
            line=edge.line,
            what=f"{edge.source}.{edge.field} may lead to a model of any group.",
            remedy="Keep the kind and the id of what it is about as plain values, checked by who "
            "writes them; or give each group a table of its own.",
            effort=sum((cut.effort for cut in listed), 0.0),
        )


def _cycles(cuts: Sequence[Cut]) -> Iterator[Blocker]:
    ways: defaultdict[tuple[str, str], list[Cut]] = defaultdict(list)
    for cut in cuts:
        if cut.edge.kind in _HARD and cut.target_group != PLATFORM:
            ways[cut.source_group, cut.target_group].append(cut)
    for (here, there), forth in sorted(ways.items()):
        back = ways.get((there, here), [])
        if here > there or not back:
            continue
        weaker = min(forth, back, key=lambda each: (len(each), each is back))
        lines = len(weaker)
        edge = weaker[0].edge
        yield Blocker(
            kind="cycle",
            groups=[here, there],
            file=edge.file,
            line=edge.line,
            what=f"{here} and {there} have relations to each other: {len(forth)} one way, "
            f"{len(back)} the other.",
            remedy=f"Turn round the weaker direction first ({lines} relation"
            f"{'' if lines == 1 else 's'}, the first is {edge.source}.{edge.field}): keep the id "
            "on the side that may know the other.",
            effort=sum((cut.effort for cut in weaker), 0.0),
        )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
