"""Classes with their method resolution order, as Python would compute it (C3), across files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ramet.tools.assess.linking.names import Module, Symbol
from ramet.tools.assess.linking.values import Values
from ramet.tools.assess.source.extract import (
    Assign,
    Call,
    ClassDef,
    Expression,
    FunctionDef,
    Item,
    Name,
)

__all__ = ["Class", "Classes"]


@dataclass(eq=False)
class Class:
    """A class by its dotted name. `definition` and `module` are None where it was not read.

    `bases` are the direct ones, without those that cannot be resolved (`unresolved` has their
    lines); `mro` begins with the class itself and ends before `object`.
    """

    dotted: str
    module: Module | None
    definition: ClassDef | None
    bases: list[Class] = field(default_factory=list)
    unresolved: list[int] = field(default_factory=list)

    @cached_property
    def mro(self) -> list[Class]:
        """C3; where Python would refuse the bases' order, depth first, each class once."""
        merged = _merge([list(base.mro) for base in self.bases] + [list(self.bases)])
        if merged is None:
            merged = []
            for base in self.bases:
                merged.extend(each for each in base.mro if each not in merged)
        return [self, *merged]

    @cached_property
    def names(self) -> dict[str, Assign | ClassDef | FunctionDef]:
        """What the body binds, the last of each name, methods and nested classes too."""
        bound: dict[str, Assign | ClassDef | FunctionDef] = {}
        for statement in self.definition.body if self.definition is not None else ():
            if isinstance(statement, Assign):
                if statement.is_conditional and statement.target in bound:
                    continue
                bound[statement.target] = statement
            elif isinstance(statement, ClassDef | FunctionDef):
                bound[statement.name.rpartition(".")[2]] = statement
        return bound

    @property
    def name(self) -> str:
        """The bare name."""
        return self.dotted.rpartition(".")[2]

    def inherits(self, *dotted: str) -> bool:
        """Whether a class of one of these names is in the order."""
        return any(each.dotted in dotted for each in self.mro)

    def attribute(self, name: str) -> tuple[Class, Assign | ClassDef | FunctionDef] | None:
        """Where the order first binds a name."""
        for each in self.mro:
            if name in each.names:
                return each, each.names[name]
        return None


class Classes:
    """Every class once, made when it is asked for."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self._made: dict[str, Class] = {}
        self._definitions: dict[int, Class] = {}
        self._open: set[int] = set()

    def of_symbol(self, symbol: Symbol) -> Class | None:
        """The class of a symbol; None where it is something else than a class."""
        statement = symbol.statement
        if symbol.module is None:
            return self._external(symbol.dotted)
        if isinstance(statement, ClassDef):
            return self.of_definition(symbol.module, statement)
        if isinstance(statement, Assign):
            value = self.values.of_symbol(symbol)
            if isinstance(value, Symbol) and value is not symbol:
                return self.of_symbol(value)
        return None

    def of_definition(self, module: Module, definition: ClassDef) -> Class:
        """The class of a definition. A class that inherits from itself loses that base."""
        made = self._definitions.get(id(definition))
        if made is not None:
            return made
        made = Class(f"{module.name}.{definition.name}", module, definition)
        self._definitions[id(definition)] = made
        self._open.add(id(definition))
        try:
            for base in definition.bases:
                found = self._base(module, base, definition)
                if found is None:
                    if not _is_object(base):
                        made.unresolved.append(definition.line)
                elif found is not made and not self._leads_to(found, made):
                    if found not in made.bases:
                        made.bases.append(found)
        finally:
            self._open.discard(id(definition))
        return made

    def _leads_to(self, one: Class, other: Class) -> bool:
        return not self._open.isdisjoint(
            id(each.definition) for each in _up(one) if each.definition is not None
        ) and other in set(_up(one))

    def of_expression(self, module: Module, expression: Expression) -> Class | None:
        """The class that an expression names, None where it names none."""
        if isinstance(expression, Name):
            symbol = self.values.names.resolve(module, expression.dotted)
            return self.of_symbol(symbol) if symbol is not None else None
        value = self.values.of(module, expression)
        return self.of_symbol(value) if isinstance(value, Symbol) else None

    def _base(self, module: Module, base: Expression, definition: ClassDef) -> Class | None:
        if isinstance(base, Item):  # Base[T]
            return self._base(module, base.of, definition)
        if isinstance(base, Name) and (found := self._beside(module, base.dotted, definition)):
            return found
        found = self.of_expression(module, base)
        if found is None and isinstance(base, Call):
            # `make_mixin(Base)`: what comes out is most likely a subclass of what went in.
            for argument in base.args[::-1]:
                if isinstance(argument, Name):
                    found = self.of_expression(module, argument)
                    if found is not None:
                        return found
            if isinstance(base.function, Name):
                symbol = self.values.names.resolve(module, base.function.dotted)
                if symbol is not None and symbol.module is None:
                    return self._external(symbol.dotted)
        return found

    def _beside(self, module: Module, name: str, definition: ClassDef) -> Class | None:
        """A base in the same function or class: `class Meta(Base.Meta)`, classes in functions."""
        scope, _, _ = definition.name.rpartition(".")
        if not scope:
            return None
        for statement in module.extract.body:
            if isinstance(statement, ClassDef | FunctionDef) and scope.startswith(statement.name):
                inner = _inner(statement, scope)
                for each in inner.body if inner is not None else ():
                    if isinstance(each, ClassDef) and each.name == f"{scope}.{name}":
                        return self.of_definition(module, each) if each is not definition else None
        return None

    def _external(self, dotted: str) -> Class:
        made = self._made.get(dotted)
        if made is None:
            made = self._made[dotted] = Class(dotted, None, None)
        return made


def _inner(statement: ClassDef | FunctionDef, name: str) -> ClassDef | FunctionDef | None:
    if statement.name == name:
        return statement
    for each in statement.body:
        if isinstance(each, ClassDef | FunctionDef) and name.startswith(each.name):
            found = _inner(each, name)
            if found is not None:
                return found
    return None


def _up(one: Class) -> Iterator[Class]:
    seen: set[int] = set()
    waiting = [one]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting.extend(each.bases)


def _is_object(base: Expression) -> bool:
    return isinstance(base, Name) and base.dotted == "object"


def _merge(sequences: list[list[Class]]) -> list[Class] | None:
    merged: list[Class] = []
    sequences = [each for each in sequences if each]
    while sequences:
        for sequence in sequences:
            head = sequence[0]
            if not any(head in other[1:] for other in sequences):
                break
        else:
            return None
        merged.append(head)
        for sequence in sequences:
            if sequence[0] is head:
                del sequence[0]
        sequences = [each for each in sequences if each]
    return merged
