"""Transactions that write more than one side of a cut: each is one saga, however much it writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ramet.tools.assess.facts import Atomic, Edge, Function, Scan, Write
from ramet.tools.assess.findings import Cut, How
from ramet.tools.assess.judgement.places import PLATFORM, Places

__all__ = ["cuts_of_transactions"]


def cuts_of_transactions(scan: Scan, places: Places) -> Iterator[Cut]:
    """Not priced yet. A transaction is cut once; only a command asks each side for itself.

    Where another transaction that is cut writes the foreign sides for it, it starts that one's saga
    and is none of its own; on the same side it even stays as it is.
    """
    functions = {each.name: each for each in scan.functions}
    found = []
    for atomic in scan.atomics:
        crossing = _crossing(atomic, functions.get(atomic.function), places)
        if crossing.foreign:
            found.append(crossing)
    homes = {each.atomic.function: each.home for each in found if not each.is_command}
    for each in found:
        yield from _asked(each) if each.is_command else _parted(each, homes)


class _Crossing(NamedTuple):
    """A transaction, the side that it is begun on, and what it writes there and elsewhere, each
    what it writes by itself first; `foreign` with the side of each."""

    atomic: Atomic
    home: str
    own: Sequence[Write]
    foreign: Sequence[tuple[str, Write]]
    is_command: bool


def _crossing(atomic: Atomic, function: Function | None, places: Places) -> _Crossing:
    written = [
        (side, write)
        for write in sorted(atomic.writes, key=lambda write: len(write.via))
        if (side := places.side(write.model)) not in (None, PLATFORM)
    ]
    counts = Counter(side for side, _ in written)
    home = places.side(function.app) if function is not None else None
    if home not in counts:
        home = counts.most_common(1)[0][0] if counts else None
    return _Crossing(
        atomic,
        home or "",
        [write for side, write in written if side == home],
        [(side, write) for side, write in written if side and side != home],
        function is not None and function.kind in ("command", "migration"),
    )


def _asked(command: _Crossing) -> Iterator[Cut]:
    first = dict(reversed(command.foreign))
    for side in sorted(first):
        yield _cut(
            command,
            side,
            first[side],
            "contract call",
            "A command writes both sides: it asks the other, or each side gets a command.",
        )


def _parted(crossing: _Crossing, homes: Mapping[str, str]) -> Iterator[Cut]:
    """`homes` are the sides of all transactions that are cut, by their function."""
    itself = {
        side: write
        for side, write in reversed(crossing.foreign)
        if homes.keys().isdisjoint(write.via)
    }
    if itself:
        side, *further = sorted(itself)
        yield _cut(
            crossing,
            side,
            itself[side],
            "saga",
            f"One transaction writes {len(itself) + 1} sides: steps with compensation, or an event "
            "where the other side cannot say no.",
            further,
        )
        return
    side, write = crossing.foreign[0]
    started = next(name for name in write.via if name in homes)
    if homes[started] != crossing.home:
        yield _cut(
            crossing,
            side,
            write,
            "event",
            f"All that it writes elsewhere is written by {started}, which becomes a saga: an event "
            "of this transaction starts it.",
        )


def _cut(
    crossing: _Crossing, side: str, write: Write, how: How, why: str, further: Sequence[str] = ()
) -> Cut:
    atomic = crossing.atomic
    edge = Edge(
        kind="atomic",
        source=crossing.own[0].model,
        target=write.model,
        field=atomic.function,
        file=atomic.file,
        line=atomic.line,
    )
    return Cut(
        edge=edge,
        source_group=crossing.home,
        target_group=side,
        further_groups=list(further),
        how=how,
        why=why,
        effort=0,
    )
