"""Where facts are written down while a scope is evaluated: by function, with transactions."""

from __future__ import annotations

from collections.abc import Sequence

from ramet.tools.assess.facts import EdgeKind, GapKind
from ramet.tools.assess.linking.behaviour.found import (
    NO_REGION,
    Call,
    Found,
    FoundEdge,
    FoundFunction,
    FoundGap,
    FoundWrite,
    Include,
    Pattern,
    Receiver,
    Send,
    Use,
)
from ramet.tools.assess.linking.queries.values import Value

__all__ = ["Keyword", "Passed", "Silent", "Site"]

Keyword = tuple[str | None, Value, int]
"""A keyword argument, its name None for `**`, with its line."""

Passed = dict[str, dict[int | str, dict[str, set[Value]]]]
"""The values that functions are called with: by dotted name, by place or name, by caller."""


class Site:
    """One function (or module, or class) that is evaluated. `label` is its class's model, or ""."""

    is_silent = False

    def __init__(
        self, found: Found, name: str, kind: str, line: int, passed: Passed | None = None
    ) -> None:
        """`passed` collects what functions are called with."""
        self.found = found
        self._passed = passed
        self.function = FoundFunction(name, kind, line, {}, [], [], [])
        self.label = ""
        self._region = NO_REGION
        self._later = 0
        self._depth = 0
        self._opened_at = 0

    @property
    def has_facts(self) -> bool:
        function = self.function
        return bool(function.reads or function.writes or function.calls or function.regions)

    def read(self, label: str, line: int) -> None:
        self.function.reads[label] = self.function.reads.get(label, 0) + 1

    def write(self, label: str, line: int, how: str = "bulk") -> None:
        region = NO_REGION if self._later else self._region
        write = FoundWrite(label, line, region, how)
        if write not in self.function.writes:
            self.function.writes.append(write)

    def call(self, function: str, line: int, how: str = "call") -> None:
        if self._later and how == "call":
            how = "later"
        region = NO_REGION if self._later or how != "call" else self._region
        self.function.calls.append(Call(function, line, region, how))

    def pass_on(
        self, function: str, arguments: Sequence[Value], keywords: Sequence[Keyword], skipped: int
    ) -> None:
        """Write down what a function is called with; the first `skipped` parameters are bound."""
        if self._passed is None or not (arguments or keywords):
            return
        told = self._passed.setdefault(function, {})
        caller = self.function.name
        for at, value in enumerate(arguments):
            told.setdefault(at + skipped, {}).setdefault(caller, set()).add(value)
        for name, value, _ in keywords:
            if name is not None:
                told.setdefault(name, {}).setdefault(caller, set()).add(value)

    def edge(
        self, kind: EdgeKind, source: str, target: str, field: str, line: int, note: str = ""
    ) -> None:
        self.found.edges.append(FoundEdge(kind, source, target, field, line, note))

    def send(self, signal: str, sender: str, line: int) -> None:
        region = NO_REGION if self._later else self._region
        self.found.sends.append(Send(signal, sender, self.function.name, line, region))

    def use(self, kind: str, name: str, line: int) -> None:
        self.found.uses.append(Use(kind, name, self.function.name, line))

    def receive(self, signal: str, sender: str, function: str, line: int) -> None:
        self.found.receivers.append(Receiver(signal, sender, function, line))

    def pattern(self, name: str, view: str, line: int) -> None:
        self.found.patterns.append(Pattern(name, view, line))

    def include(self, module: str, namespace: str, line: int) -> None:
        self.found.includes.append(Include(module, namespace, line))

    def gap(self, kind: GapKind, found: str, line: int) -> None:
        self.found.gaps.append(FoundGap(kind, found, line))

    def open_transaction(self, line: int) -> None:
        """From here on, until as many `close` follow, everything is in one transaction."""
        self._depth += 1
        if self._depth == 1:
            self._region = len(self.function.regions)
            self.function.regions.append(line)

    def close_transaction(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._region = NO_REGION

    def start_later(self) -> None:
        self._later += 1

    def end_later(self) -> None:
        self._later -= 1


class Silent(Site):
    """A site for what is evaluated elsewhere on behalf of a function: nothing is written down."""

    is_silent = True

    def __init__(self) -> None:
        super().__init__(Found([], [], [], [], [], [], "", [], [], [], []), "", "function", 0)

    def read(self, label: str, line: int) -> None: ...

    def write(self, label: str, line: int, how: str = "bulk") -> None: ...

    def call(self, function: str, line: int, how: str = "call") -> None: ...

    def edge(
        self, kind: EdgeKind, source: str, target: str, field: str, line: int, note: str = ""
    ) -> None: ...

    def send(self, signal: str, sender: str, line: int) -> None: ...

    def use(self, kind: str, name: str, line: int) -> None: ...

    def receive(self, signal: str, sender: str, function: str, line: int) -> None: ...

    def pattern(self, name: str, view: str, line: int) -> None: ...

    def include(self, module: str, namespace: str, line: int) -> None: ...

    def gap(self, kind: GapKind, found: str, line: int) -> None: ...
