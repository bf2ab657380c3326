"""All functions of a project: who calls whom, what each writes by itself and through others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ramet.tools.assess.facts import Atomic, Function, Write
from ramet.tools.assess.linking.asked import Asked
from ramet.tools.assess.linking.behaviour.found import (
    NO_REGION,
    Call,
    Found,
    FoundFunction,
    Receiver,
    Send,
)
from ramet.tools.assess.linking.behaviour.listening import Listening
from ramet.tools.assess.linking.behaviour.outlines import deeds, ends
from ramet.tools.assess.linking.behaviour.places import Places

__all__ = ["Functions"]

_DEEPEST = 8
_KINDS = frozenset(("function", "view", "task", "receiver", "command", "migration"))


class _Known:
    """A function, the module that it stands in, and the signals that it sends."""

    __slots__ = ("function", "module", "sends")

    def __init__(self, module: str, function: FoundFunction) -> None:
        self.module = module
        self.function = function
        self.sends: list[Send] = []


class Functions:
    """Functions by dotted name. Modules are looked into where one of theirs is asked for.

    What is asked for of a function is noted (`outlines`).
    """

    def __init__(
        self,
        found: Mapping[str, Found],
        receivers: Iterable[Receiver],
        places: Places,
        asked: Asked,
    ) -> None:
        """`found` and `receivers` are of all modules, in one order. Of two functions with one name
        the first module's counts."""
        self._found = found
        self._order = {module: at for at, module in enumerate(found)}
        self._places = places
        self._asked = asked
        self._listening = Listening(receivers, asked)
        self._in_modules: dict[str, dict[str, _Known]] = {}
        self._by_name: dict[str, _Known | None] = {}
        self._served: dict[str, str | None] = {}
        self._ends: dict[str, tuple[str | None, str | None]] = {}

    def __contains__(self, name: str) -> bool:
        self._asked.note(*ends(name))
        return self._get(name) is not None

    def of(self, module: str) -> Iterator[FoundFunction]:
        """Those of a module."""
        for name, known in self._in(module).items():
            if name in self and self._get(name) is known:
                yield known.function

    def _get(self, name: str) -> _Known | None:
        if name not in self._by_name:
            self._by_name[name] = self._looked_up(name)
        return self._by_name[name]

    def _looked_up(self, name: str) -> _Known | None:
        """A function's name begins with its module's, which may be that of a class in another."""
        there = []
        module = name
        while module:
            if module in self._order and (known := self._in(module).get(name)) is not None:
                there.append(known)
            module = module.rpartition(".")[0]
        return min(there, key=lambda known: self._order[known.module], default=None)

    def _in(self, module: str) -> dict[str, _Known]:
        if module not in self._in_modules:
            known: dict[str, _Known] = {}
            self._in_modules[module] = known
            one = self._found[module]
            for function in one.functions:
                known.setdefault(function.name, _Known(module, function))
            for send in one.sends:
                if send.function in known:
                    known[send.function].sends.append(send)
        return self._in_modules[module]

    def _known(self, name: str) -> _Known:
        known = self._get(name)
        if known is None:
            raise KeyError(name)
        return known

    def app(self, name: str) -> str | None:
        """The label of the app that a function stands in, None outside of any."""
        return self._places.app_of(self._known(name).module)

    def path(self, name: str) -> str:
        return self._places.path_of(self._known(name).module)

    def belongs_to(self, name: str) -> str | None:
        """The model whose method a function is, else that it writes most, else reads most."""
        return self._serves(name) or self._most(name, self._known(name).function.reads)

    def place(self, name: str) -> str | None:
        """What an edge to a function names: its model, or its app where it writes none."""
        self._asked.note(*ends(name))
        return self._serves(name) or self.app(name)

    def ends(self, name: str) -> tuple[str | None, str | None]:
        """Its place and its app; of a name that is none of a function, neither."""
        self._asked.note(*ends(name))
        found = self._ends.get(name)
        if found is None:
            found = self._ends[name] = self._found_ends(name)
        return found

    def _found_ends(self, name: str) -> tuple[str | None, str | None]:
        known = self._get(name)
        if known is None:
            return None, None
        function = known.function
        app = self._places.app_of(known.module)
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
            function = self._known(name).function
            if function.model and self._places.is_model(function.model):
                self._served[name] = function.model
            else:
                written = Counter(write.model for write in function.writes)
                self._served[name] = self._most(name, written) if written else None
        return self._served[name]

    def _most(self, name: str, counted: Mapping[str, int]) -> str | None:
        """That with the highest count; of several one of the function's own app, then the first."""
        app = self.app(name)
        known = [label for label in counted if self._places.is_model(label)]
        return max(
            known,
            key=lambda label: (counted[label], label.partition(".")[0] == app),
            default=None,
        )

    def writes(self, name: str) -> list[Write]:
        """All that a function writes, itself, in what it calls and in what hears its signals, each
        model by its shortest way."""
        self._asked.note(*deeds(name))
        known = self._known(name)
        own = [(write.model, write.line) for write in known.function.writes]
        return self._reached(name, own, self._calls(known))

    def _calls(self, known: _Known) -> Iterable[Call]:
        return self._listening.calls(known.function, known.sends)

    def _reached(
        self, name: str, own: Iterable[tuple[str, int]], calls: Iterable[Call]
    ) -> list[Write]:
        """Breadth first, so that the first way to a model is one of the shortest."""
        is_model = self._places.is_model
        path = self.path(name)
        writes = {
            model: Write(model=model, file=path, line=line)
            for model, line in reversed(list(own))
            if is_model(model)
        }
        seen = {name}
        level: list[tuple[_Known, list[str]]] = []
        self._follow(calls, [], seen, level)
        for _ in range(_DEEPEST):
            following: list[tuple[_Known, list[str]]] = []
            for called, via in level:
                for write in called.function.writes:
                    if write.model not in writes and is_model(write.model):
                        file = self._places.path_of(called.module)
                        writes[write.model] = Write(
                            model=write.model, file=file, line=write.line, via=via
                        )
                self._follow(self._calls(called), via, seen, following)
            level = following
        return list(writes.values())

    def _follow(
        self,
        calls: Iterable[Call],
        via: list[str],
        seen: set[str],
        level: list[tuple[_Known, list[str]]],
    ) -> None:
        for call in calls:
            if call.how == "call" and call.function not in seen:
                self._asked.note(*deeds(call.function))
                known = self._get(call.function)
                if known is not None:
                    seen.add(call.function)
                    level.append((known, [*via, call.function]))

    def atomics(self, function: FoundFunction, is_request_atomic: bool) -> Iterator[Atomic]:
        """A function's transactions that write models of more than one app.

        With ATOMIC_REQUESTS (`is_request_atomic`) every view is one.
        """
        if is_request_atomic and function.kind == "view" and not function.is_non_atomic:
            yield from self._atomic(function, None, function.line)
            return
        for region, line in enumerate(function.regions):
            yield from self._atomic(function, region, line)

    def _atomic(self, function: FoundFunction, region: int | None, line: int) -> Iterator[Atomic]:
        known = self._known(function.name)
        own = [
            (write.model, write.line)
            for write in function.writes
            if region is None or write.region == region
        ]
        calls = [
            call
            for call in self._calls(known)
            if region is None or call.region == region != NO_REGION
        ]
        writes = self._reached(function.name, own, calls)
        if len({write.model.partition(".")[0] for write in writes}) > 1:
            yield Atomic(
                function=function.name,
                file=self._places.path_of(known.module),
                line=line,
                writes=sorted(writes, key=lambda write: (write.file, write.line, write.model)),
            )

    def fact(self, function: FoundFunction) -> Function | None:
        """What is told of it where it touches a model, starts work or answers a request."""
        app = self.app(function.name)
        kind = function.kind if function.kind in _KINDS else "function"
        if kind == "function" and function.name in self._listening:
            kind = "receiver"
        is_entry = kind in ("view", "task", "receiver", "command")
        if app is None or not (function.reads or function.writes or is_entry):
            return None
        is_model = self._places.is_model
        reads = [label for label in function.reads if is_model(label)]
        writes = dict.fromkeys(w.model for w in function.writes if is_model(w.model))
        if not (reads or writes or is_entry):
            return None
        return Function(
            name=function.name,
            kind=kind,  # type: ignore[arg-type]
            app=app,
            file=self.path(function.name),
            line=function.line,
            reads=sorted(reads),
            writes=sorted(writes),
            calls=list(dict.fromkeys(c.function for c in function.calls if c.function in self)),
            belongs_to=self.belongs_to(function.name),
        )
