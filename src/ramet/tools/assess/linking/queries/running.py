"""Runs the operations of a scope, so that every value that source tells of is seen once.

The flow of control is left out: branches follow each other, loops are run once, and the last
assignment of a name holds. What is assigned from something unknown is unknown from there on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.linking.queries.annotations import annotated
from ramet.tools.assess.linking.queries.evaluation import Evaluation
from ramet.tools.assess.linking.queries.externals import BY_NAME
from ramet.tools.assess.linking.queries.site import Keyword, Site
from ramet.tools.assess.linking.queries.values import (
    Bound,
    ClassRef,
    External,
    ExternalCall,
    FunctionRef,
    InstanceOf,
    Listing,
    Mapping,
    ModelClass,
    ModelInstance,
    Query,
    Records,
    Request,
    SuperOf,
    Text,
    Value,
)
from ramet.tools.assess.source.visiting.operations import (
    ANNOTATE,
    ASSIGN,
    ATTRIBUTE,
    CALL,
    DEFINE,
    ELEMENT,
    END_COMPREHENSION,
    END_LATER,
    END_WITH,
    FOR,
    IMPORT,
    JOIN,
    LATER,
    RETURN,
    START_COMPREHENSION,
    UNPACK,
    WITH,
    Operand,
    Operation,
)

__all__ = ["Definition", "Names", "Running"]

Names = dict[str, Value]


class Definition:
    """A function or class that a scope defines, with what stood around it."""

    __slots__ = ("bases", "decorators", "index", "line", "name", "written")

    def __init__(
        self,
        name: str,
        index: int,
        line: int,
        decorators: list[Value],
        bases: list[Value],
        written: list[Operand],
    ) -> None:
        """`written` are the decorators as operands: a builtin has no value."""
        self.written = written
        self.name = name
        self.index = index
        self.line = line
        self.decorators = decorators
        self.bases = bases


class Running:
    """One scope on its run. `names` are its own, `outer` those of the functions around it."""

    def __init__(
        self,
        evaluation: Evaluation,
        site: Site,
        module: Module,
        names: Names,
        outer: Sequence[Names],
        inside: str | None,
    ) -> None:
        """`outer` ends with the names of the module itself. `inside` is the class, by its dotted
        name, whose method this is, for `super()`."""
        self.names = names
        self.lines: dict[str, int] = {}
        self.definitions: list[Definition] = []
        self.returned: list[Value] = []
        self.inferred: Names = {}
        self._evaluation = evaluation
        self._knowledge = evaluation.knowledge
        self._site = site
        self._module = module
        self._outer = outer
        self._inside = inside
        self._operations: list[Operation] = []
        self._results: list[Value] = []
        self._withs: list[bool] = []
        self._comprehensions: list[tuple[list[str], Names]] = []

    def run(self, operations: list[Operation]) -> None:
        """Once: results are told apart by the places of their operations."""
        self._operations = operations
        results = self._results
        for operation in operations:
            results.append(_RULES[operation[0]](self, operation))

    # Operands

    def name(self, name: str) -> Value:
        names = self.names
        if name in names:
            return names[name]
        for outer in self._outer[:-1]:
            if name in outer:
                return outer[name]
        if self._outer and (value := self._outer[-1].get(name)) is not None:
            return value
        return self._knowledge.value(self._module, name)

    def value(self, operand: Operand) -> Value:
        if operand is None:
            return None
        kind = operand.__class__
        if kind is int:
            return self._results[operand]
        if kind is str:
            return self.name(operand)
        return self._composed(operand)

    def _composed(self, operand: list[Any]) -> Value:
        what = operand[0]
        if what == "'":
            return Text(operand[2], operand[1])
        if what == "[":
            return Listing(tuple(self.value(item) for item in operand[1:]))
        if what == "{":
            values = [self.value(item) for item in operand[1:]]
            return Mapping(tuple(zip(values[::2], values[1::2], strict=True)))
        if what == "|":
            for item in operand[1:]:
                value = self.value(item)
                if value is not None:
                    return value
            return None
        if what == "f":
            parts = [self.value(item) for item in operand[2:]]
            texts = [part.text if isinstance(part, Text) else "\0" for part in parts]
            return Text("".join(texts), operand[1])
        if what == "enumerate":
            element = self._evaluation.element(self.value(operand[1]))
            return Listing((Listing((None, element)),))
        if what == "zip":
            elements = [self._evaluation.element(self.value(item)) for item in operand[1:]]
            return Listing((Listing(tuple(elements)),))
        return None

    # Operations

    def _attribute(self, operation: Operation) -> Value:
        _, line, operand, path = operation
        value = self.value(operand)
        if value is None or not path:
            return value
        return self._walk(value, path, line)

    def _walk(self, value: Value, path: str, line: int) -> Value:
        evaluation, site = self._evaluation, self._site
        for name in path.split("."):
            value = evaluation.attribute(site, value, name, line)
            if value is None:
                return None
        return value

    def _call(self, operation: Operation) -> Value:
        _, line, operand, path, arguments, keywords = operation
        if operand == "super" and not path:
            owner = self.names.get("self", self.names.get("cls"))
            return SuperOf(self._inside, owner) if self._inside and owner is not None else None
        value = self.value(operand)
        if value is not None and path:
            value = self._walk(value, path, line)
        if value is None:
            if path:
                name = path.rpartition(".")[2]
                if name in BY_NAME:
                    given = [self.value(argument) for argument in arguments]
                    self._evaluation.externals.by_name(self._site, name, given, line)
                else:
                    path = self._written(operand, path)
                    if path.endswith(_QUERYING) and _looks_like_query(path):
                        self._site.gap("query-of-unknown-model", path, line)
            return None
        given = [self.value(argument) for argument in arguments]
        named: list[Keyword] = [
            (keywords[at], self.value(keywords[at + 1]), keywords[at + 2])
            for at in range(0, len(keywords), 3)
        ]
        if isinstance(value, ModelClass) or (isinstance(value, Bound) and value.name in _MAKING):
            self._infer(value, keywords)
        return self._evaluation.call(self._site, value, given, named, line)

    def _written(self, operand: Operand, path: str) -> str:
        """A path with what stands before it on other lines."""
        while operand.__class__ is int and self._operations[operand][0] == ATTRIBUTE:
            _, _, operand, before = self._operations[operand]
            path = f"{before}.{path}"
        return path

    def _infer(self, maker: ModelClass | Bound, keywords: list[Any]) -> None:
        """What is given for a foreign key where a row is made is a row of the key's model."""
        owner = maker.owner if isinstance(maker, Bound) else maker
        if not isinstance(owner, ModelClass | Records):
            return
        for at in range(0, len(keywords), 3):
            name = keywords[at + 1]
            if keywords[at] is None or not isinstance(name, str):
                continue
            if name in self.names and self.names[name] is None:
                hop = self._knowledge.relations.accessor(owner.label, keywords[at])
                if hop is not None and hop.is_column:
                    self.inferred[name] = self.names[name] = ModelInstance(hop.target)

    def _assign(self, operation: Operation) -> None:
        _, line, name, operand = operation
        value = self.value(operand)
        if "." in name:
            owner = self.names.get(name.partition(".")[0])
            if isinstance(owner, InstanceOf | ClassRef):
                self._knowledge.set_of_self(owner.dotted, name.partition(".")[2], value)
            elif isinstance(owner, Request):
                self._knowledge.set_of_request(name.partition(".")[2], value)
            return
        if isinstance(value, ExternalCall) and self._site.function.kind == "module":
            value = replace(value, where=f"{self._module.name}.{name}")
        self.names[name] = value
        self.lines[name] = line

    def _bind(self, target: Any, value: Value) -> None:
        if target is None:
            return
        if isinstance(target, str):
            self.names[target] = value
            return
        items = value.items if isinstance(value, Listing) else ()
        for at, inner in enumerate(target):
            self._bind(inner, items[at] if len(items) == len(target) else None)

    def _for(self, operation: Operation) -> None:
        self._bind(operation[2], self._evaluation.element(self.value(operation[3])))

    def _unpack(self, operation: Operation) -> None:
        self._bind(operation[2], self.value(operation[3]))

    def _with(self, operation: Operation) -> None:
        _, line, operand, name = operation
        value = self.value(operand)
        is_atomic = is_transaction(value)
        self._withs.append(is_atomic)
        if is_atomic:
            self._site.open_transaction(line)
        if name is not None:
            self.names[name] = value

    def _end_with(self, operation: Operation) -> None:
        if self._withs.pop():
            self._site.close_transaction()

    def _later(self, operation: Operation) -> None:
        self._site.start_later()

    def _end_later(self, operation: Operation) -> None:
        self._site.end_later()

    def _return(self, operation: Operation) -> None:
        self.returned.append(self.value(operation[2]))

    def _element(self, operation: Operation) -> Value:
        value = self.value(operation[2])
        if len(operation) == 4:
            return self._evaluation.item(value, operation[3])
        return self._evaluation.element(value)

    def _join(self, operation: Operation) -> Value:
        left, right = self.value(operation[2]), self.value(operation[3])
        if isinstance(left, Query) and isinstance(right, Query):
            return Query(left.names + right.names)
        if isinstance(left, Text) or isinstance(right, Text):
            first = left.text if isinstance(left, Text) else "\0"
            second = right.text if isinstance(right, Text) else "\0"
            line = left.line if isinstance(left, Text) else operation[1]
            return Text(first + second, line)
        if isinstance(left, Listing) and isinstance(right, Listing):
            return Listing(left.items + right.items)
        return left if left is not None else right

    def _define(self, operation: Operation) -> None:
        _, line, name, index, decorators, bases = operation
        definition = Definition(
            name,
            index,
            line,
            [self.value(decorator) for decorator in decorators],
            [self.value(base) for base in bases],
            decorators,
        )
        self.definitions.append(definition)
        if self._site.function.kind not in ("module", "class"):
            self.names[name] = FunctionRef(f"{self._site.function.name}.{name}")

    def _import(self, operation: Operation) -> None:
        _, _, name, dotted = operation
        self.names[name] = self._knowledge.imported(self._module, dotted)

    def _annotate(self, operation: Operation) -> None:
        _, _, name, told = operation
        if self.names.get(name) is None:
            self.names[name] = self.annotated(told)

    def annotated(self, told: Operand) -> Value:
        """A value of the type that an annotation names."""
        return annotated(self._evaluation, told, self.name)

    def _start_comprehension(self, operation: Operation) -> None:
        names = operation[2]
        hidden = {name: self.names[name] for name in names if name in self.names}
        self._comprehensions.append((names, hidden))

    def _end_comprehension(self, operation: Operation) -> None:
        names, hidden = self._comprehensions.pop()
        for name in names:
            self.names.pop(name, None)
        self.names.update(hidden)


_MAKING = frozenset(("create", "acreate", "get_or_create", "aget_or_create"))
_QUERYING = (".filter", ".exclude", ".select_related", ".prefetch_related", ".values_list")


def _looks_like_query(path: str) -> bool:
    return "objects." in path or "_set." in path


def is_transaction(value: Value) -> bool:
    """Whether a context manager or decorator is `transaction.atomic`, called or not."""
    if isinstance(value, External | ExternalCall):
        return value.dotted in (
            "django.db.transaction.atomic",
            "django.db.transaction.Atomic",
        )
    return isinstance(value, Bound) and is_transaction(value.owner)


_RULES: dict[int, Any] = {
    ATTRIBUTE: Running._attribute,
    CALL: Running._call,
    ASSIGN: Running._assign,
    FOR: Running._for,
    WITH: Running._with,
    END_WITH: Running._end_with,
    LATER: Running._later,
    END_LATER: Running._end_later,
    RETURN: Running._return,
    ELEMENT: Running._element,
    JOIN: Running._join,
    DEFINE: Running._define,
    IMPORT: Running._import,
    UNPACK: Running._unpack,
    ANNOTATE: Running._annotate,
    START_COMPREHENSION: Running._start_comprehension,
    END_COMPREHENSION: Running._end_comprehension,
}
