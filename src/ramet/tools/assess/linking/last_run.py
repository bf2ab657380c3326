"""What the last run has worked out, and which of it is still good.

Kept with every result is what it was made of: its own file's content, and the facts that were asked
for (`asked`). What has changed since is told by the files whose content is another, fact by fact;
by the modules that have come and gone; and by what follows from both of models. A result is worked
out again where a fact that it asked for is among these, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from ramet.tools.assess.linking.asked import Asked, Fact, Work, digest
from ramet.tools.assess.linking.names import ANY, Module
from ramet.tools.assess.linking.visible import ALL, changes
from ramet.tools.assess.source.extract import Extract
from ramet.tools.assess.source.store import Store, key_of

__all__ = ["LastRun", "Result"]

_KEY = key_of(b"last run")
_EXTRACT = msgspec.msgpack.Decoder(Extract)


class Result(msgspec.Struct, array_like=True, gc=False):
    """`of` is what it is a result of, besides the facts that it `asked` for.

    `key` is a digest of what was `found`, where somebody wants to compare it.
    """

    of: bytes
    found: memoryview
    asked: memoryview
    key: bytes = b""


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """One run. `basis` is what each of its results depends on, `state` another for every change.

    `files` are the contents' keys by path, `schema` is what is known of models, `tables` are facts
    about them with digests of what was answered. `results` are those of each step by path, "" for
    the whole project; they stay encoded where a run needs none of a step.
    """

    basis: bytes
    state: bytes
    files: dict[str, bytes]
    schema: memoryview
    tables: memoryview
    results: dict[str, msgspec.Raw]


_KEPT = msgspec.msgpack.Decoder(_Kept)
_RESULTS = msgspec.msgpack.Decoder(dict[str, Result])
_NOTHING = msgspec.msgpack.encode({})


class LastRun:
    """The results of the last run that are good, and those of this one for the next.

    `state` stays from run to run while no file sees a change of another; `sees_change` tells that
    it has not. `moved` are paths of files in whose outside anything has changed, be it a line.
    `schema` is that of the last run, but for lines, None where there is another.
    """

    def __init__(
        self,
        store: Store,
        asked: Asked,
        basis: bytes,
        extracts: Mapping[str, Extract],
        keys: Mapping[str, bytes],
        named: Mapping[str, list[Module]],
        named_before: Callable[[Iterable[str]], Mapping[str, list[Module]]],
    ) -> None:
        """`basis` is what everything depends on. `keys` are the contents' keys of `extracts`.

        `named` are all modules by their dotted names, `named_before` tells the same of paths.
        """
        self._store = store
        self._asked = asked
        self._changed: set[int] = set()
        files = {path: keys[path] for path in extracts}
        entry = store.get(_KEY)
        before = _KEPT.decode(entry) if entry is not None else None
        if before is not None and before.basis != basis:
            before = None
        was = _former(store, before.files, keys) if before is not None else None
        if was is None:
            before = None
        self.sees_change = before is None
        self.moved: set[str] = set()
        self._before = before or _Kept(basis, b"", {}, memoryview(b""), memoryview(_NOTHING), {})
        if was is not None:
            self._compare(was, extracts, named, named_before)
        self.schema = None if self.sees_change else self._before.schema
        self.state = (
            key_of(basis + b"".join(path.encode() + key for path, key in files.items()))
            if self.sees_change
            else self._before.state
        )
        self._now = _Kept(basis, self.state, files, self._before.schema, self._before.tables, {})
        self._is_new = self._now.files != self._before.files
        self._results_before: dict[str, dict[str, Result]] = {}
        self._results: dict[str, dict[str, Result]] = {}

    def _compare(
        self,
        was: Mapping[str, Extract],
        extracts: Mapping[str, Extract],
        named: Mapping[str, list[Module]],
        named_before: Callable[[Iterable[str]], Mapping[str, list[Module]]],
    ) -> None:
        for path, old in was.items():
            new = extracts[path]
            if old.encoded_body != new.encoded_body:
                self.moved.add(path)
            facts = changes(old, new)
            self.sees_change |= facts != {ALL}
            self._changed.update(digest((path, name)) for name in facts)
        before = self._before.files
        if before.keys() != extracts.keys():
            self.sees_change = True
            old_names = {name: _paths(modules) for name, modules in named_before(before).items()}
            new_names = {name: _paths(modules) for name, modules in named.items()}
            every = old_names.keys() | new_names.keys()
            facts = {name for name in every if old_names.get(name) != new_names.get(name)}
            self._changed.update(digest(("", name)) for name in facts)
            self._changed.add(digest(ANY))

    def keep_schema(self, schema: bytes) -> None:
        """Keep what is known of models, encoded."""
        self._now.schema = memoryview(schema)
        self._is_new = True

    def compare_tables(self, facts: Iterable[tuple[Fact, object]]) -> None:
        """Take what is known of models, all facts with what is answered, as changed where it has.

        It follows from what files say, and need not be told where these show no change.
        """
        old = msgspec.msgpack.decode(self._before.tables, type=dict[int, bytes])
        new: dict[int, bytes] = {}
        for fact, answer in facts:
            of = digest(fact)  # which another one may have, too
            new[of] = key_of(new.get(of, b"") + msgspec.msgpack.encode(answer))
        self._changed.update(
            fact for fact in old.keys() | new.keys() if old.get(fact) != new.get(fact)
        )
        self._now.tables = memoryview(msgspec.msgpack.encode(new))

    def change(self, facts: Iterable[Fact]) -> None:
        """Take facts as changed from now on, which follow from what others have found."""
        self._changed.update(map(digest, facts))

    def before(self, step: str, path: str) -> Result | None:
        """What a step has made of a file in the last run, good or not."""
        return self._made_before(step).get(path)

    def _made_before(self, step: str) -> dict[str, Result]:
        results = self._results_before.get(step)
        if results is None:
            encoded = self._before.results.get(step)
            results = _RESULTS.decode(encoded) if encoded is not None else {}
            self._results_before[step] = results
        return results

    def get(self, step: str, path: str, of: bytes) -> Result | None:
        """What a step has made of a file, if that is good; "" is the path of the whole project.

        `of` is all that it depends on besides the facts that it asked for.
        """
        return self.good(step, {path: of}).get(path)

    def good(self, step: str, of: Mapping[str, bytes]) -> dict[str, Result]:
        """What a step has made of each file, where that is good; `of` is by path as for `get`."""
        before, changed = self._made_before(step), self._changed
        found = {
            path: result
            for path, wanted in of.items()
            if (result := before.get(path)) is not None
            and result.of == wanted
            and (not changed or changed.isdisjoint(result.asked.cast("I")))
        }
        self._results.setdefault(step, {}).update(found)
        return found

    def put(
        self, step: str, path: str, of: bytes, found: bytes, work: Work, key: bytes = b""
    ) -> Result:
        """Keep what a step has made in a work."""
        result = Result(of, memoryview(found), memoryview(self._asked.all_of(work)), key)
        self._results.setdefault(step, {})[path] = result
        self._is_new = True
        return result

    def is_good(self, asked: memoryview) -> bool:
        """Whether none of the facts has changed whose digests these are."""
        return not self._changed or self._changed.isdisjoint(asked.cast("I"))

    def keep(self) -> None:
        """Write this run down for the next one."""
        if not self._is_new:
            return
        results: dict[str, dict[str, Result] | msgspec.Raw] = {**self._results}
        if not self.sees_change:  # so what no step asked for this time is as good as it was
            results = {
                **self._before.results,
                **{step: self._made_before(step) | now for step, now in self._results.items()},
            }
        *run, _ = msgspec.structs.astuple(self._now)
        self._store.put(_KEY, msgspec.msgpack.encode([*run, results]))


def _former(
    store: Store, files: Mapping[str, bytes], keys: Mapping[str, bytes]
) -> dict[str, Extract] | None:
    """What was read last of the files whose content is another; None: not all is there unharmed."""
    found: dict[str, Extract] = {}
    for path, key in files.items():
        if keys.get(path, key) != key:
            entry = store.last(key)
            if entry is None:
                return None
            found[path] = _EXTRACT.decode(entry)
    return found


def _paths(modules: Iterable[Module]) -> list[str]:
    return [module.path for module in modules]
