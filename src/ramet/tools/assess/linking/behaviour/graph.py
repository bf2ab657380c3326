"""All functions of a project: who calls whom, what each writes by itself and through others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from ramet.tools.assess.facts import Atomic, Function, Write
from ramet.tools.assess.linking.behaviour.found import NO_REGION, Call, Found, FoundFunction
from ramet.tools.assess.linking.behaviour.listening import Listening

__all__ = ["Functions"]

_DEEPEST = 8
_KINDS = frozenset(("function", "view", "task", "receiver", "command", "migration"))


class Functions:
    """Functions by dotted name, with the module that each stands in."""

    def __init__(
        self,
        found: Mapping[str, Found],
        app_of: Callable[[str], str | None],
        path_of: Callable[[str], str],
        is_model: Callable[[str], bool],
    ) -> None:
        """`app_of` and `path_of` are asked of a module, `is_model` of a label."""
        self._app_of = app_of
        self._path_of = path_of
        self._is_model = is_model
        self._by_name: dict[str, tuple[str, FoundFunction]] = {}
        for module, one in found.items():
            for function in one.functions:
                self._by_name.setdefault(function.name, (module, function))
        self._listening = Listening(found)
        self._served: dict[str, str | None] = {}
        self._ends: dict[str, tuple[str | None, str | None]] = {}
        self._written: dict[str, list[Write]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[tuple[str, FoundFunction]]:
        return iter(self._by_name.values())

    def is_model(self, label: str) -> bool:
        return self._is_model(label)

    def app(self, name: str) -> str | None:
        """The label of the app that a function stands in, None outside of any."""
        return self._app_of(self._by_name[name][0])

    def path(self, name: str) -> str:
        return self._path_of(self._by_name[name][0])

    def belongs_to(self, name: str) -> str | None:
        """The model whose method a function is, else that it writes most, else reads most."""
        return self._serves(name) or self._most(name, self._by_name[name][1].reads)

    def place(self, name: str) -> str | None:
        """What an edge to a function names: its model, or its app where it writes none."""
        return self._serves(name) or self.app(name)

    def ends(self, name: str) -> tuple[str | None, str | None]:
        """Its place and its app; of a name that is none of a function, neither."""
        ends = self._ends.get(name)
        if ends is None:
            ends = self._ends[name] = self._found_ends(name)
        return ends

    def _found_ends(self, name: str) -> tuple[str | None, str | None]:
        known = self._by_name.get(name)
        if known is None:
            return None, None
        module, function = known
        app = self._app_of(module)
        # Most functions belong to no model and write none.
        own = self._serves(name) if function.model or function.writes else None
        return own or app, app

    def most_written(self, name: str, writes: Iterable[Write]) -> str:
        """The model that stands for a transaction of a function."""
        models = Counter(write.model for write in writes)
        own = self._serves(name)
        if own is not None and own in models:
            return own
        return self._most(name, models) or next(iter(models))

    def _serves(self, name: str) -> str | None:
        """The model whose method it is, else that it writes most."""
        if name not in self._served:
            function = self._by_name[name][1]
            if function.model and self._is_model(function.model):
                self._served[name] = function.model
            else:
                written = Counter(write.model for write in function.writes)
                self._served[name] = self._most(name, written) if written else None
        return self._served[name]

    def _most(self, name: str, counted: Mapping[str, int]) -> str | None:
        """That with the highest count; of several one of the function's own app, then the first."""
        app = self.app(name)
        known = [label for label in counted if self._is_model(label)]
        return max(
            known,
            key=lambda label: (counted[label], label.partition(".")[0] == app),
            default=None,
        )

    def writes(self, name: str) -> list[Write]:
        """All that a function writes, itself, in what it calls and in what hears its signals, each
        model by its shortest way."""
        if name not in self._written:
            function = self._by_name[name][1]
            own = [(write.model, write.line) for write in function.writes]
            self._written[name] = self._reached(name, own, self._listening.calls(function))
        return self._written[name]

    def _reached(
        self, name: str, own: Iterable[tuple[str, int]], calls: Iterable[Call]
    ) -> list[Write]:
        """Breadth first, so that the first way to a model is one of the shortest."""
        path = self.path(name)
        writes = {
            model: Write(model=model, file=path, line=line)
            for model, line in reversed(list(own))
            if self._is_model(model)
        }
        seen = {name}
        level: list[tuple[str, list[str]]] = []
        self._follow(calls, [], seen, level)
        for _ in range(_DEEPEST):
            following: list[tuple[str, list[str]]] = []
            for called, via in level:
                function = self._by_name[called][1]
                for write in function.writes:
                    if write.model not in writes and self._is_model(write.model):
                        writes[write.model] = Write(
                            model=write.model, file=self.path(called), line=write.line, via=via
                        )
                self._follow(self._listening.calls(function), via, seen, following)
            level = following
        return list(writes.values())

    def _follow(
        self,
        calls: Iterable[Call],
        via: list[str],
        seen: set[str],
        level: list[tuple[str, list[str]]],
    ) -> None:
        for call in calls:
            if call.how == "call" and call.function not in seen and call.function in self._by_name:
                seen.add(call.function)
                level.append((call.function, [*via, call.function]))

    def atomics(self, is_request_atomic: bool) -> Iterator[Atomic]:
        """Transactions that write models of more than one app.

        With ATOMIC_REQUESTS (`is_request_atomic`) every view is one.
        """
        for module, function in self._by_name.values():
            if is_request_atomic and function.kind == "view" and not function.is_non_atomic:
                yield from self._atomic(module, function, None, function.line)
                continue
            for region, line in enumerate(function.regions):
                yield from self._atomic(module, function, region, line)

    def _atomic(
        self, module: str, function: FoundFunction, region: int | None, line: int
    ) -> Iterator[Atomic]:
        own = [
            (write.model, write.line)
            for write in function.writes
            if region is None or write.region == region
        ]
        calls = [
            call
            for call in self._listening.calls(function)
            if region is None or call.region == region != NO_REGION
        ]
        writes = self._reached(function.name, own, calls)
        if len({write.model.partition(".")[0] for write in writes}) > 1:
            yield Atomic(
                function=function.name,
                file=self._path_of(module),
                line=line,
                writes=sorted(writes, key=lambda write: (write.file, write.line, write.model)),
            )

    def facts(self) -> Iterator[Function]:
        """Those that touch a model, start work or answer a request."""
        for module, function in self._by_name.values():
            app = self._app_of(module)
            kind = function.kind if function.kind in _KINDS else "function"
            if kind == "function" and function.name in self._listening:
                kind = "receiver"
            is_entry = kind in ("view", "task", "receiver", "command")
            if app is None or not (function.reads or function.writes or is_entry):
                continue
            reads = [label for label in function.reads if self._is_model(label)]
            writes = dict.fromkeys(w.model for w in function.writes if self._is_model(w.model))
            if not (reads or writes or is_entry):
                continue
            calls = dict.fromkeys(c.function for c in function.calls if c.function in self._by_name)
            yield Function(
                name=function.name,
                kind=kind,  # type: ignore[arg-type]
                app=app,
                file=self._path_of(module),
                line=function.line,
                reads=sorted(reads),
                writes=sorted(writes),
                calls=list(calls),
                belongs_to=self.belongs_to(function.name),
            )
