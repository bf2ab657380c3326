"""Classes with their method resolution order, as Python would compute it (C3), across files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import msgspec

from ramet.tools.assess.linking.asked import Answers, Work
from ramet.tools.assess.linking.names import Module, Symbol
from ramet.tools.assess.linking.values import Value, Values
from ramet.tools.assess.linking.visible import members, returns
from ramet.tools.assess.source.extract import (
    Assign,
    Call,
    ClassDef,
    Expression,
    FunctionDef,
    Item,
    Items,
    Name,
)

__all__ = ["Class", "Classes"]


class Class(msgspec.Struct, eq=False, dict=True):
    """A class by its dotted name. `definition` and `module` are None where it was not read.

    `bases` are the direct ones, without those that cannot be resolved (`unresolved` has their
    lines); `mro` begins with the class itself and ends before `object`. `work` is what finding them
    was.
    """

    dotted: str
    module: Module | None
    definition: ClassDef | None
    bases: list[Class] = []
    unresolved: list[int] = []
    work: Work | None = None

    @cached_property
    def mro(self) -> list[Class]:
        """C3; where Python would refuse the bases' order, depth first, each class once."""
        merged = _merge([list(base.mro) for base in self.bases] + [list(self.bases)])
        if merged is None:
            merged = []
            for base in self.bases:
                merged.extend(each for each in base.mro if each not in merged)
        return [self, *merged]

    @property
    def names(self) -> dict[str, Assign | ClassDef | FunctionDef]:
        """What the body binds, the last of each name, methods and nested classes too."""
        if self.module is not None and self.definition is not None:
            self.module.note(members(self.definition.name))
        return self._bound

    def bound(self, name: str) -> Assign | ClassDef | FunctionDef | None:
        """What the body binds to one name."""
        if self.module is not None and self.definition is not None:
            self.module.note(f"{self.definition.name}.{name}")
        return self._bound.get(name)

    @cached_property
    def _bound(self) -> dict[str, Assign | ClassDef | FunctionDef]:
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
            if (statement := each.bound(name)) is not None:
                return each, statement
        return None


class Classes:
    """Every class once, made when it is asked for."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.of_label: Callable[[str], Class | None] = lambda label: None
        """The class of `app.Model`; who knows the apps puts it there."""
        self._made: dict[str, Class] = {}
        self._definitions: dict[int, Class] = {}
        self._assigned: Answers[int, Class | None] = {}
        self._asked = values.names.asked
        self._open: set[int] = set()

    def forget(self) -> None:
        """All classes that were found, for what their bases are may have changed."""
        self._made.clear()
        self._definitions.clear()
        self._assigned.clear()

    def of_symbol(self, symbol: Symbol) -> Class | None:
        """The class of a symbol; None where it is something else than a class."""
        statement = symbol.statement
        if symbol.module is None:
            return self._external(symbol.dotted)
        if isinstance(statement, ClassDef):
            return self.of_definition(symbol.module, statement)
        if isinstance(statement, Assign):
            return self.of_assignment(symbol.module, statement)
        return None

    def of_assignment(self, module: Module, statement: Assign) -> Class | None:
        """The class that is assigned to a name, made there or elsewhere."""
        return self._asked.once(
            self._assigned, id(statement), None, self._of_assignment, module, statement
        )

    def _of_assignment(self, module: Module, statement: Assign) -> Class | None:
        made = None
        if isinstance(statement.value, Call):
            made = self.made_by(module, statement.value, statement.target, statement.line)
        return made or self.of_value(self.values.of(module, statement.value))

    def of_value(self, value: Value) -> Class | None:
        """The class that a value is, or that it names as `app.Model`."""
        if isinstance(value, Symbol):
            return self.of_symbol(value)
        return self.of_label(value) if isinstance(value, str) else None

    def of_definition(self, module: Module, definition: ClassDef) -> Class:
        """The class of a definition. A class that inherits from itself loses that base."""
        made = self._definitions.get(id(definition))
        if made is not None:
            self.give(made)
            return made
        made = Class(f"{module.name}.{definition.name}", module, definition)
        self._definitions[id(definition)] = made
        self._open.add(id(definition))
        with self._asked.work() as made.work:
            module.note(definition.name)
            try:
                for base in definition.bases:
                    found = self._base(module, base, definition)
                    if found is None:
                        if not _is_object(base):
                            made.unresolved.append(definition.line)
                    elif found not in (made, *made.bases) and not self._leads_to(found, made):
                        made.bases.append(found)
            finally:
                self._open.discard(id(definition))
        return made

    def give(self, cls: Class) -> None:
        """Somebody is given a class that was found before."""
        if cls.work is not None:
            self._asked.now.add(cls.work)

    def _leads_to(self, one: Class, other: Class) -> bool:
        return not self._open.isdisjoint(
            id(each.definition) for each in _up(one) if each.definition is not None
        ) and other in set(_up(one))

    def of_expression(self, module: Module, expression: Expression) -> Class | None:
        """The class that an expression names, None where it names none."""
        if isinstance(expression, Name):
            symbol = self.values.names.resolve(module, expression.dotted)
            return self.of_symbol(symbol) if symbol is not None else None
        return self.of_value(self.values.of(module, expression))

    def _base(self, module: Module, base: Expression, definition: ClassDef) -> Class | None:
        if isinstance(base, Item):  # Base[T]
            return self._base(module, base.of, definition)
        if isinstance(base, Name) and (found := self._beside(module, base.dotted, definition)):
            return found
        if isinstance(base, Call) and (made := self.made_by(module, base, "", base.line)):
            return made
        return self.of_expression(module, base)

    def made_by(self, module: Module, call: Call, name: str, line: int) -> Class | None:
        """The class that a call makes: `type(...)`, or a function of the project that does.

        A function makes one where it returns `type(name, bases, ...)`, or a class in its own body.
        """
        if not isinstance(call.function, Name):
            return None
        if call.function.dotted == "type" and len(call.args) == 3:
            return self._made_class(module, call, {}, name, line, module)
        symbol = self.values.names.resolve(module, call.function.dotted)
        if symbol is None or symbol.module is None:
            return None
        function = symbol.statement
        if not isinstance(function, FunctionDef):
            return None
        given = dict(zip(function.parameters, call.args, strict=False)) | call.keywords
        symbol.module.note(returns(function.name))
        for returned in function.returns:
            if isinstance(returned, Call) and returned.function == Name("type"):
                return self._made_class(module, returned, given, name, line, symbol.module)
            if isinstance(returned, Name):
                for inner in function.body:
                    if isinstance(inner, ClassDef) and inner.name.endswith("." + returned.dotted):
                        return self._inner_class(module, inner, given, symbol.module)
        return None

    def _made_class(
        self,
        module: Module,
        call: Call,
        given: dict[str, Expression],
        name: str,
        line: int,
        home: Module,
    ) -> Class | None:
        """That of `type(name, bases, ...)`, where a base may be what the function was given."""
        bases = call.args[1].items if len(call.args) > 1 and isinstance(call.args[1], Items) else []
        found = [self._given(base, given, module, home) for base in bases]
        if not found or None in found:
            return None
        said = self.values.of(home, call.args[0])
        name = name or (said if isinstance(said, str) else "")
        definition = ClassDef(name, [], {}, [], [], line, line, True)
        return Class(
            f"{module.name}.{name}",
            module,
            definition,
            [each for each in found if each is not None],
        )

    def _inner_class(
        self, module: Module, inner: ClassDef, given: dict[str, Expression], home: Module
    ) -> Class:
        bases = [self._given(base, given, module, home) for base in inner.bases]
        return Class(
            f"{home.name}.{inner.name}", home, inner, [each for each in bases if each is not None]
        )

    def _given(
        self, base: Expression, given: dict[str, Expression], module: Module, home: Module
    ) -> Class | None:
        if isinstance(base, Name) and base.dotted in given:
            return self.of_expression(module, given[base.dotted])
        return self.of_expression(home, base)

    def _beside(self, module: Module, name: str, definition: ClassDef) -> Class | None:
        """A base in the same function or class: `class Meta(Base.Meta)`, classes in functions."""
        scope, _, _ = definition.name.rpartition(".")
        if not scope:
            return None
        module.note(f"{scope}.{name}")
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
