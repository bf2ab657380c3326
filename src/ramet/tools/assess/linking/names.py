"""Names across modules: what `a.b.c` in a file is, wherever it was defined.

It follows imports as Python would at run time: relative ones, re-exports, stars with and without
`__all__`, aliases, and of conditional ones the first that leads anywhere. Nothing is looked up
before somebody asks, and everything only once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Protocol

import msgspec

from ramet.tools.assess.linking.asked import Answers, Asked, Work
from ramet.tools.assess.linking.visible import STARS
from ramet.tools.assess.source.extract import (
    Assign,
    ClassDef,
    Extract,
    FunctionDef,
    Import,
    Name,
    Statement,
)

__all__ = ["ANY", "Library", "Module", "Names", "Symbol"]


ANY = ("", "*")
"""The fact that is another where any module comes or goes."""


class Symbol(msgspec.Struct, eq=False):
    """What a name stands for. `dotted` is where it is defined: `shop.orders.models.Order.Meta`.

    `module` is None outside of what was read; then `dotted` is the name that was imported.
    `statement` is None for a module itself.
    """

    dotted: str
    module: Module | None = None
    statement: ClassDef | FunctionDef | Assign | None = None


class Module(msgspec.Struct, eq=False, dict=True):
    """A file in its place. `path` is from the project's root, or from site-packages.

    `root` is the folder from which the name counts, "" for the project's root.
    """

    name: str
    path: str
    root: str
    is_package: bool
    is_own: bool
    extract: Extract
    is_test: bool = False
    is_migration: bool = False
    asked: Asked | None = None

    def note(self, name: str) -> None:
        """Somebody asks what it binds to a name. Files that are not the project's do not change."""
        if self.asked is not None:
            self.asked.note(self.path, name)

    @property
    def package(self) -> str:
        """The package that relative imports count from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @cached_property
    def bindings(self) -> dict[str, list[Statement]]:
        """The statements that bind each name of the module, in order."""
        bound: dict[str, list[Statement]] = {}
        for statement in self.extract.body:
            if isinstance(statement, Import):
                if statement.name != "*":
                    bound.setdefault(statement.alias, []).append(statement)
            elif isinstance(statement, Assign):
                if not statement.operator:
                    bound.setdefault(statement.target, []).append(statement)
            elif isinstance(statement, ClassDef | FunctionDef):
                bound.setdefault(statement.name, []).append(statement)
        return bound

    @cached_property
    def stars(self) -> list[Import]:
        """Star imports, the last one first: it wins."""
        found = [s for s in self.extract.body if isinstance(s, Import) and s.name == "*"]
        return found[::-1]


class Library(Protocol):
    """Modules of installed packages, read when they are asked for."""

    def module(self, dotted: str) -> Module | None:
        """That of a dotted name, None where there is none."""
        ...


class Names(msgspec.Struct):
    """Resolves names. `modules` are own ones by dotted name, several where roots differ.

    Of an assignment under an `if` it is asked whether it is made, `is_made`.
    """

    modules: dict[str, list[Module]]
    library: Library | None = None
    asked: Asked = msgspec.field(default_factory=Asked)
    is_made: Callable[[Module, Assign], bool] = lambda module, statement: True
    _resolved: Answers[tuple[int, str], Symbol | None] = {}
    _found: Answers[tuple[int, str], Symbol | None] = {}
    _open: dict[tuple[int, str], Work] = {}

    def find(self, dotted: str, importer: Module | None = None) -> Module | None:
        """The module of an absolute dotted name: the project's own before an installed one."""
        self.asked.note("", dotted)
        own = self.modules.get(dotted)
        if own is not None:
            if len(own) == 1 or importer is None:
                return own[0]
            return max(own, key=lambda module: _shared(module.path, importer.path))
        return self.library.module(dotted) if self.library is not None else None

    def absolute(self, module: Module, name: str) -> str:
        """The absolute name of what an import in a module names: `..a` -> `package.a`."""
        if not name.startswith("."):
            return name
        bare = name.lstrip(".")
        package = module.package
        for _ in range(len(name) - len(bare) - 1):
            package = package.rpartition(".")[0]
        return f"{package}.{bare}" if bare and package else package or bare

    def resolve(self, module: Module, dotted: str) -> Symbol | None:
        """What a name in a module's scope is, None where nothing binds it, such as a builtin."""
        if "." not in dotted:
            return self.lookup(module, dotted)
        return self.asked.once(
            self._resolved, (id(module), dotted), None, self._resolve, module, dotted
        )

    def _resolve(self, module: Module, dotted: str) -> Symbol | None:
        head, *rest = dotted.split(".")
        symbol = self.lookup(module, head)
        for part in rest:
            if symbol is None:
                break
            symbol = self.member(symbol, part)
        return symbol

    def locate(self, dotted: str, importer: Module | None = None) -> Symbol | None:
        """What an absolute dotted name is: the longest module in it, then members."""
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            module = self.find(".".join(parts[:length]), importer)
            if module is not None:
                symbol: Symbol | None = Symbol(module.name, module)
                for part in parts[length:]:
                    symbol = self.member(symbol, part) if symbol is not None else None
                return symbol
        return None

    def member(self, symbol: Symbol, name: str) -> Symbol | None:
        """`symbol.name`. Of an external symbol it is external too."""
        if symbol.module is None:
            dotted = f"{symbol.dotted}.{name}"
            # A folder without __init__.py is no module that was read, but what is in it is.
            found = self.find(dotted)
            return Symbol(dotted, found) if found is not None else Symbol(dotted)
        statement = symbol.statement
        if statement is None:
            return self.lookup(symbol.module, name)
        if isinstance(statement, ClassDef):
            return self.class_member(symbol, statement, name)
        if isinstance(statement, Assign) and isinstance(statement.value, Name):
            aliased = self.resolve(symbol.module, statement.value.dotted)
            return self.member(aliased, name) if aliased is not None else None
        return None

    def class_member(self, symbol: Symbol, cls: ClassDef, name: str) -> Symbol | None:
        """What a class's own body binds to a name; its bases are not asked."""
        if symbol.module is not None:
            symbol.module.note(f"{cls.name}.{name}")
        for statement in reversed(cls.body):
            if isinstance(statement, ClassDef | FunctionDef):
                if statement.name.rpartition(".")[2] == name:
                    return Symbol(f"{symbol.dotted}.{name}", symbol.module, statement)
            elif isinstance(statement, Assign) and statement.target == name:
                return Symbol(f"{symbol.dotted}.{name}", symbol.module, statement)
        return None

    def lookup(self, module: Module, name: str) -> Symbol | None:
        """What a module's own scope binds to a name, or a submodule of that name."""
        key = (id(module), name)
        known = self._found.get(key)
        if known is not None:
            self.asked.now.add(known[1])
            return known[0]
        if key in self._open:  # an import that comes back to itself
            self.asked.now.add(self._open[key])
            return None
        with self.asked.work() as work:
            self._open[key] = work
            try:
                symbol = self._lookup(module, name)
            finally:
                del self._open[key]
        if symbol is not None or not self._open:
            self._found[key] = symbol, work
        return symbol

    def _lookup(self, module: Module, name: str) -> Symbol | None:
        external: Symbol | None = None
        for statement in _in_effect(self._made(module, name)):
            symbol = self._bound(module, statement, name)
            if symbol is not None:
                if symbol.module is not None and not (external and _is_constant(statement)):
                    return symbol
                external = external or symbol
        if external is not None:
            return external
        module.note(STARS)
        for star in module.stars:
            target = self.find(self.absolute(module, star.module), module)
            if target is None:
                external = external or self._from_external_star(module, star, name)
            elif target is not module and _exports(target, name):
                symbol = self.lookup(target, name)
                if symbol is not None and symbol.module is not None:
                    return symbol
                external = external or symbol
        if external is None and module.is_package:
            submodule = self.find(f"{module.name}.{name}", module)
            if submodule is not None:
                return Symbol(submodule.name, submodule)
        return external

    def _made(self, module: Module, name: str) -> list[Statement]:
        """The statements that bind a name, but those under an `if` that is decided otherwise."""
        module.note(name)
        bound = module.bindings.get(name, [])
        made = [
            each
            for each in bound
            if not isinstance(each, Assign) or each.flag is None or self.is_made(module, each)
        ]
        return made or bound

    def _from_external_star(self, module: Module, star: Import, name: str) -> Symbol | None:
        if name.startswith("_") or name in _BUILTINS:
            return None
        return Symbol(f"{self.absolute(module, star.module)}.{name}")

    def _bound(self, module: Module, statement: Statement, name: str) -> Symbol | None:
        if isinstance(statement, Import):
            return self.imported(module, statement)
        if isinstance(statement, Assign):
            if isinstance(statement.value, Name):
                aliased = self.resolve(module, statement.value.dotted)
                if aliased is not None:
                    return aliased
            return Symbol(f"{module.name}.{name}", module, statement)
        if isinstance(statement, ClassDef | FunctionDef):
            return Symbol(f"{module.name}.{name}", module, statement)
        return None

    def imported(self, module: Module, statement: Import) -> Symbol | None:
        """What one name of an import statement in a module leads to."""
        if not statement.name:
            first = statement.module.partition(".")[0]
            dotted = first if statement.alias == first else statement.module
            found = self.find(dotted, module)
            return Symbol(dotted, found)
        source = self.absolute(module, statement.module)
        target = self.find(source, module)
        if target is not None and target is not module:
            symbol = self.lookup(target, statement.name)
            if symbol is not None:
                return symbol
            if (id(target), statement.name) in self._open:
                return None  # an import that comes back to itself
        dotted = f"{source}.{statement.name}"
        submodule = self.find(dotted, module)
        return Symbol(submodule.name, submodule) if submodule is not None else Symbol(dotted)


_BUILTINS = frozenset(dir(sys.modules["builtins"]))


def _in_effect(statements: Iterable[Statement]) -> list[Statement]:
    """Those that may hold at the end, from the last unconditional on; plain constants come last."""
    found: list[Statement] = []
    for statement in statements:
        if not getattr(statement, "is_conditional", False):
            found.clear()
        found.append(statement)
    if len(found) > 1:
        found.sort(key=_is_constant)
    return found


def _is_constant(statement: Statement) -> bool:
    return isinstance(statement, Assign) and (
        statement.value is None or isinstance(statement.value, bool | int | float | str)
    )


def _exports(module: Module, name: str) -> bool:
    module.note("__all__")
    if module.extract.exports is not None:
        return name in module.extract.exports
    return not name.startswith("_")


def _shared(one: str, other: str) -> int:
    """How many folders two paths share from the start."""
    count = 0
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count
