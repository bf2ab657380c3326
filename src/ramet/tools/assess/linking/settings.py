"""Settings modules -> settings, read in order, never run.

A settings module is a program, and of what it does depending on its environment every branch is
taken: a list has what any branch puts there, a single value is the first that is given. Star
imports, `include`, `+=` and `append` are followed, and classes of settings, as of
django-configurations, to what they inherit: each is one more branch.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import msgspec

from ramet.tools.assess.linking.including import included
from ramet.tools.assess.linking.names import Module, Names, Symbol
from ramet.tools.assess.linking.values import Value, Values
from ramet.tools.assess.source.extract import (
    Assign,
    Call,
    ClassDef,
    Do,
    FunctionDef,
    Import,
    Name,
    Statement,
)

__all__ = ["Settings", "defines_apps", "evaluate"]


class Settings(msgspec.Struct):
    """`partial` are those of which not all can be known from source, with file and line."""

    values: dict[str, Value] = {}
    partial: dict[str, tuple[str, int]] = {}

    def texts(self, name: str) -> list[str]:
        """The strings of a list."""
        value = self.values.get(name)
        if not isinstance(value, list):
            return []
        return list(dict.fromkeys(each for each in value if isinstance(each, str)))


def evaluate(names: Names, module: Module) -> Settings:
    """The settings that a module defines, those of the modules it star-imports with them."""
    settings = Settings()
    _Evaluation(names, settings).run(module)
    return settings


def defines_apps(body: Iterable[Statement]) -> bool:
    """Whether statements of a module, or of a class, say what INSTALLED_APPS is."""
    return any(
        (isinstance(each, Assign) and each.target == "INSTALLED_APPS")
        or (isinstance(each, FunctionDef) and each.name.endswith(".INSTALLED_APPS"))
        for each in body
    )


class _Evaluation:
    def __init__(self, names: Names, settings: Settings) -> None:
        self.names = names
        self.settings = settings
        self.bound = settings.values
        self.scope: Mapping[str, Value] = self.bound
        self.values = Values(names, self.bound)
        self.seen: set[int] = set()

    def run(self, module: Module) -> None:
        if id(module) in self.seen:
            return
        self.seen.add(id(module))
        self._statements(module, module.extract.body)
        for symbol in _classes(self.names, module):
            line = list(_line(self.names, symbol))
            if any(defines_apps(cls.body) for _, cls in line):
                self._add(self._of_classes(module, line))

    def _of_classes(self, module: Module, line: Iterable[tuple[Module, ClassDef]]) -> Settings:
        """Those of a class; each of its line may name its bases: `Base.INSTALLED_APPS + [...]`."""
        settings = Settings()
        inner = _Evaluation(self.names, settings)
        for at, cls in line:
            of_bases = {
                f"{base.dotted}.{name}": value
                for base in cls.bases
                if isinstance(base, Name)
                for name, value in inner.bound.items()
            }
            inner.scope = ChainMap(inner.bound, of_bases, self.bound if at is module else {})
            inner._statements(at, cls.body)
        return settings

    def _add(self, branch: Settings) -> None:
        for name, value in branch.values.items():
            old = self.bound.get(name)
            if isinstance(old, list) and isinstance(value, list):
                self.bound[name] = old + [each for each in value if each not in old]
            elif old is None:
                self.bound[name] = value
        for name, place in branch.partial.items():
            self.settings.partial.setdefault(name, place)

    def _statements(self, module: Module, statements: list[Statement]) -> None:
        for statement in statements:
            if isinstance(statement, Import):
                self._import(module, statement)
            elif isinstance(statement, Assign):
                self._assign(module, statement)
            elif isinstance(statement, Do) and isinstance(statement.value, Call):
                self._call(module, statement.value)
                self._include(module, statement.value)
            elif isinstance(statement, FunctionDef):
                self._property(module, statement)

    def _import(self, module: Module, statement: Import) -> None:
        source = self.names.find(self.names.absolute(module, statement.module), module)
        if source is None:
            return
        if statement.name == "*":
            self.run(source)
        elif statement.name.isupper():
            inner = evaluate(self.names, source)
            if statement.name in inner.values:
                self.bound[statement.alias] = inner.values[statement.name]
                if statement.name in inner.partial:
                    self._is_partial(module, statement.alias, statement.line)

    def _include(self, module: Module, call: Call) -> None:
        values = partial(self.values.of, module, scope=self.scope)
        for each in included(self.names, module, call, values):
            self.run(each)

    def _assign(self, module: Module, statement: Assign) -> None:
        name = statement.target
        self.values.partial = False
        value = self.values.of(module, statement.value, self.scope)
        old = self.bound.get(name)
        if isinstance(old, list) and (statement.operator == "+" or statement.is_conditional):
            if isinstance(value, list):
                new = [each for each in value if each not in old]
                self.bound[name] = old + new if statement.operator != "+" else old + value
            else:
                self._is_partial(module, name, statement.line)
        elif isinstance(old, dict) and isinstance(value, dict) and statement.is_conditional:
            self.bound[name] = value | old
        elif old is None or not (statement.is_conditional and statement.operator == ""):
            if value is not None or old is None:
                self.bound[name] = value
            if isinstance(old, list) and value is None:
                self._is_partial(module, name, statement.line)
        if self.values.partial:
            self._is_partial(module, name, statement.line)

    def _property(self, module: Module, function: FunctionDef) -> None:
        """A setting that a class works out: what it begins with, for more may be added there."""
        name = function.name.rpartition(".")[2]
        if name.isupper() and function.returns:
            value = self.values.of(module, function.returns[0], self.scope)
            self._add(Settings({name: value}))
            self._is_partial(module, name, function.line)

    def _is_partial(self, module: Module, name: str, line: int) -> None:
        self.settings.partial.setdefault(name, (module.path, line))

    def _call(self, module: Module, call: Call) -> None:
        if not isinstance(call.function, Name) or len(call.args) == 0:
            return
        name, _, method = call.function.dotted.rpartition(".")
        target = self.bound.get(name)
        value = self.values.of(module, call.args[-1], self.scope)
        if isinstance(target, list):
            if method in ("append", "insert"):
                self.bound[name] = [*target, value]
            elif method == "extend" and isinstance(value, list):
                self.bound[name] = target + value
            # What is removed in one branch is there in the other, so `remove` changes nothing.
            if value is None:
                self._is_partial(module, name, call.line)
        elif isinstance(target, dict) and method == "update" and isinstance(value, dict):
            self.bound[name] = target | value


def _classes(names: Names, module: Module) -> Iterator[Symbol]:
    """Those that a module defines or imports by name."""
    for statement in module.extract.body:
        if isinstance(statement, ClassDef):
            yield Symbol(f"{module.name}.{statement.name}", module, statement)
        elif isinstance(statement, Import) and not statement.name.isupper():
            symbol = names.imported(module, statement)
            if symbol is not None and isinstance(symbol.statement, ClassDef):
                yield symbol


def _line(
    names: Names, symbol: Symbol, seen: set[int] | None = None
) -> Iterator[tuple[Module, ClassDef]]:
    """A class after all that were read of what it inherits from, each once, the first base last."""
    seen = set() if seen is None else seen
    module, cls = symbol.module, symbol.statement
    if module is None or not isinstance(cls, ClassDef) or id(cls) in seen:
        return
    seen.add(id(cls))
    for base in reversed(cls.bases):
        found = names.resolve(module, base.dotted) if isinstance(base, Name) else None
        if found is not None:
            yield from _line(names, found, seen)
    yield module, cls
