"""The parts of all modules: those of the last run, but where what they follow from has changed.

That is what was found in the module itself, and what its part asked for of others. All are kept in
one entry: of a project of thousands of modules, most of which add nothing, one is read in a
fraction of the time.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

import msgspec

from ramet.tools.assess.linking.behaviour.found import Found, Receiver
from ramet.tools.assess.linking.behaviour.graph import Functions
from ramet.tools.assess.linking.behaviour.outlines import changes
from ramet.tools.assess.linking.behaviour.parts import NOTHING, Part, Parts
from ramet.tools.assess.linking.behaviour.places import Places
from ramet.tools.assess.linking.last_run import LastRun, Result
from ramet.tools.assess.linking.world import World

__all__ = ["Linked", "parts_of"]

_FOUND = msgspec.msgpack.Decoder(Found)


class Linked(NamedTuple):
    """What linking a module has found: now, in the last run, and decoded where that was now."""

    now: Result
    before: Result | None
    found: Found | None = None


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """`keys` are of what was found in each module. `asked` are digests of the facts that its part
    was made of, where there are any; `parts` are those that add anything."""

    keys: dict[str, bytes]
    asked: dict[str, memoryview]
    parts: dict[str, Part]


_KEPT = msgspec.msgpack.Decoder(_Kept)


_NONE = _Kept({}, {}, {})


def parts_of(
    world: World, places: Places, linked: Mapping[str, Linked], basis: bytes
) -> dict[str, Part]:
    """The parts of those modules that add anything, in the order of `linked`."""
    last_run, found = world.last_run, _Opened(linked)
    kept = _kept(last_run, linked, basis)
    stale = {name for name, each in linked.items() if kept.keys.get(name) != each.now.key}
    if kept is not _NONE:
        for name in stale:
            before = linked[name].before
            assert before is not None
            last_run.change(changes(_FOUND.decode(before.found), found[name]))
        stale.update(name for name, asked in kept.asked.items() if not last_run.is_good(asked))
    if not stale:
        return kept.parts
    asked, facts = world.names.asked, dict(kept.asked)
    receivers = _receivers(found, kept.parts, stale)
    making = Parts(world, found, places, Functions(found, receivers, places, asked))
    made = dict(kept.parts)
    for name in stale:
        with asked.work() as work:
            made[name] = making.of(name)
        facts[name] = memoryview(asked.all_of(work))
    now = _Kept(
        {name: each.now.key for name, each in linked.items()},
        {name: each for name, each in facts.items() if each},
        {name: made[name] for name in linked if name in made and made[name] != NOTHING},
    )
    with asked.work() as work:
        entry = msgspec.msgpack.encode(now)
    last_run.put("joining", "", basis, entry, work)
    return now.parts


def _kept(last_run: LastRun, linked: Mapping[str, Linked], basis: bytes) -> _Kept:
    """What is kept, if what it was made of is known of each module that has changed since."""
    result = last_run.get("joining", "", basis)
    if result is None:
        return _NONE
    kept = _KEPT.decode(result.found)
    for name, each in linked.items():
        key = kept.keys.get(name)
        if key != each.now.key and (each.before is None or each.before.key != key):
            return _NONE
    return kept


def _receivers(
    found: Mapping[str, Found], kept: Mapping[str, Part], stale: Container[str]
) -> Iterator[Receiver]:
    """All of the project, in the order of its modules."""
    for name in found:
        if name in stale:
            yield from found[name].receivers
        elif name in kept:
            yield from (heard.receiver for heard in kept[name].heard)


class _Opened(Mapping[str, Found]):
    """What was found by module, decoded where it is looked into."""

    def __init__(self, linked: Mapping[str, Linked]) -> None:
        self._linked = linked
        self._decoded: dict[str, Found] = {}

    def __getitem__(self, module: str) -> Found:
        found = self._decoded.get(module)
        if found is None:
            each = self._linked[module]
            self._decoded[module] = found = each.found or _FOUND.decode(each.now.found)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._linked)

    def __len__(self) -> int:
        return len(self._linked)
