"""Expressions -> operands and operations. See `operations` for their shape."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from ramet.tools.assess.source.visiting.operations import (
    ASSIGN,
    ATTRIBUTE,
    CALL,
    ELEMENT,
    END_COMPREHENSION,
    END_LATER,
    FOR,
    JOIN,
    LATER,
    START_COMPREHENSION,
    Operand,
    Operation,
)

__all__ = ["Expressions", "names_of"]

# Builtins and texts for people that lead to no model, whatever they are given.
_SKIPPED = frozenset(
    (
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "callable",
        "chr",
        "dict",
        "divmod",
        "float",
        "format",
        "gettext",
        "gettext_lazy",
        "hasattr",
        "hash",
        "id",
        "int",
        "isinstance",
        "issubclass",
        "len",
        "mark_safe",
        "ngettext",
        "ngettext_lazy",
        "ord",
        "pgettext",
        "pgettext_lazy",
        "pow",
        "print",
        "range",
        "repr",
        "round",
        "setattr",
        "str",
        "sum",
        "type",
        "ugettext",
        "ugettext_lazy",
        "_",
        "__",
        "N_",
    )
)
_SAME = frozenset(("frozenset", "iter", "list", "reversed", "set", "sorted", "tuple"))
_ONE_OF = frozenset(("next", "max", "min"))
_SQL = re.compile(r"\b(from|join|into|update|table|exists|truncate)\b", re.IGNORECASE)
_LONGEST_TEXT = 20_000


def names_of(target: ast.expr) -> Any:
    """A name, a list of those where it is unpacked, None for what is not followed."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Tuple | ast.List):
        return [names_of(item) for item in target.elts]
    if isinstance(target, ast.Starred):
        return None
    return None


def _storable(text: str) -> str:
    """A lone surrogate is fine in Python, and in no encoding."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _flat(names: Any) -> list[str]:
    if names is None:
        return []
    if isinstance(names, str):
        return [names]
    return [name for item in names for name in _flat(item)]


class Expressions:
    """Reads expressions of one scope at a time into `operations`."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._readers: dict[type[ast.AST], Callable[[Any], Operand]] = {
            ast.Attribute: self._attribute,
            ast.Await: self._inner,
            ast.BinOp: self._binary,
            ast.BoolOp: self._either,
            ast.Call: self._call,
            ast.Compare: self._compare,
            ast.Constant: self._constant,
            ast.Dict: self._dictionary,
            ast.DictComp: self._dictionary_comprehension,
            ast.FormattedValue: self._inner,
            ast.GeneratorExp: self._comprehension,
            ast.IfExp: self._conditional,
            ast.JoinedStr: self._joined,
            ast.Lambda: self._lambda,
            ast.List: self._sequence,
            ast.ListComp: self._comprehension,
            ast.Name: self._name,
            ast.NamedExpr: self._named,
            ast.Set: self._sequence,
            ast.SetComp: self._comprehension,
            ast.Slice: self._effects,
            ast.Starred: self._inner,
            ast.Subscript: self._subscript,
            ast.Tuple: self._sequence,
            ast.UnaryOp: self._unary,
            ast.Yield: self._effects,
            ast.YieldFrom: self._effects,
        }

    def value(self, node: ast.AST) -> Operand:
        """What `node` is, after the operations that it needs have been added."""
        reader = self._readers.get(node.__class__)
        return reader(node) if reader is not None else self._effects(node)

    def _add(self, operation: Operation) -> int:
        operations = self.operations
        operations.append(operation)
        return len(operations) - 1

    def _effects(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)

    def _name(self, node: ast.Name) -> Operand:
        return node.id

    def _constant(self, node: ast.Constant) -> Operand:
        text = node.value
        if text.__class__ is not str or not text:
            return None
        text = _storable(text)
        if (" " not in text and "\n" not in text) or (
            len(text) < _LONGEST_TEXT and _SQL.search(text)
        ):
            return ["'", node.lineno, text]
        return None

    def _attribute(self, node: ast.Attribute) -> Operand:
        line = node.end_lineno
        path = node.attr
        base: Any = node.value
        while base.__class__ is ast.Attribute and base.end_lineno == line:
            path = f"{base.attr}.{path}"
            base = base.value
        if base.__class__ is ast.Name:
            return self._add([ATTRIBUTE, line, base.id, path])
        if base.__class__ is ast.Constant:
            return None
        operand = self.value(base)
        return None if operand is None else self._add([ATTRIBUTE, line, operand, path])

    def _call(self, node: ast.Call) -> Operand:
        func: Any = node.func
        path = ""
        line = func.end_lineno
        if func.__class__ is ast.Name:
            base: Operand = func.id
            if base in _SKIPPED:
                for argument in node.args:
                    self.value(argument)
                for keyword in node.keywords:
                    self.value(keyword.value)
                return None
            if base in _SAME or base in _ONE_OF or base in ("enumerate", "zip", "getattr", "cast"):
                return self._builtin(base, node)
        elif func.__class__ is ast.Attribute:
            path = func.attr
            inner: Any = func.value
            # What stands on another line is an operation of its own, told with that line.
            while inner.__class__ is ast.Attribute and inner.end_lineno == line:
                path = f"{inner.attr}.{path}"
                inner = inner.value
            if inner.__class__ is ast.Name:
                base = inner.id
            elif inner.__class__ is ast.Constant:
                base = self._constant(inner) if path == "format" else None
            else:
                base = self.value(inner)
        else:
            base = self.value(func)
        is_later = path == "on_commit" or path.endswith(".on_commit") or base == "on_commit"
        if is_later:
            self._add([LATER, line])
        value = self.value
        arguments = [value(argument) for argument in node.args]
        keywords: list[Operand] = []
        for keyword in node.keywords:
            keywords += (keyword.arg, value(keyword.value), keyword.value.lineno)
        if is_later:
            self._add([END_LATER, line])
        if base is None:
            return None
        return self._add([CALL, line, base, path, arguments, keywords])

    def _builtin(self, name: str, node: ast.Call) -> Operand:
        arguments = [self.value(argument) for argument in node.args]
        for keyword in node.keywords:
            self.value(keyword.value)
        if not arguments:
            return None
        first = arguments[0]
        if name in _SAME:
            return first
        if name in _ONE_OF:
            return None if first is None else self._add([ELEMENT, node.lineno, first])
        if name == "getattr":
            named = arguments[1] if len(arguments) > 1 else None
            if first is None or named.__class__ is not list or named[0] != "'":
                return None
            return self._add([ATTRIBUTE, node.lineno, first, named[2]])
        if name == "cast":
            return arguments[1] if len(arguments) > 1 else None
        return [name, *arguments]

    def _subscript(self, node: ast.Subscript) -> Operand:
        base = self.value(node.value)
        index = node.slice
        if isinstance(index, ast.Constant):
            if base is None:
                return None
            if isinstance(index.value, str):
                return self._add([ELEMENT, node.lineno, base, index.value])
        else:
            self.value(index)
            if index.__class__ is ast.Slice or base is None:
                return base
        return self._add([ELEMENT, node.lineno, base])

    def _binary(self, node: ast.BinOp) -> Operand:
        left, right = self.value(node.left), self.value(node.right)
        kind = node.op.__class__
        if kind is ast.Mod:
            return left
        if (left is None and right is None) or kind not in (ast.Add, ast.BitAnd, ast.BitOr):
            return None
        return self._add([JOIN, node.lineno, left, right])

    def _unary(self, node: ast.UnaryOp) -> Operand:
        operand = self.value(node.operand)
        return operand if node.op.__class__ is ast.Invert else None

    def _compare(self, node: ast.Compare) -> None:
        self.value(node.left)
        for other in node.comparators:
            self.value(other)

    def _either(self, node: ast.BoolOp) -> Operand:
        return ["|", *map(self.value, node.values)]

    def _conditional(self, node: ast.IfExp) -> Operand:
        self.value(node.test)
        return ["|", self.value(node.body), self.value(node.orelse)]

    def _inner(self, node: Any) -> Operand:
        return self.value(node.value)

    def _named(self, node: ast.NamedExpr) -> Operand:
        operand = self.value(node.value)
        self._add([ASSIGN, node.lineno, node.target.id, operand])
        return operand

    def _lambda(self, node: ast.Lambda) -> None:
        # One with parameters would hide names of the scope around it. It is rarely more than a
        # sort key, so it is left out.
        if not node.args.args:
            self.value(node.body)

    def _joined(self, node: ast.JoinedStr) -> Operand:
        parts = [self.value(part) for part in node.values]
        for part in node.values:
            if (
                isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and _SQL.search(part.value)
            ):
                texts = [
                    ["'", piece.lineno, _storable(str(piece.value))]
                    if isinstance(piece, ast.Constant)
                    else read
                    for piece, read in zip(node.values, parts, strict=True)
                ]
                return ["f", node.lineno, *texts]
        return None

    def _sequence(self, node: Any) -> Operand:
        items = [self.value(item) for item in node.elts]
        for item in items:
            if item is not None:
                return ["[", *items]
        return None

    def _dictionary(self, node: ast.Dict) -> Operand:
        pairs: list[Operand] = []
        for key, item in zip(node.keys, node.values, strict=True):
            pairs += (None if key is None else self.value(key), self.value(item))
        for pair in pairs:
            if pair is not None:
                return ["{", *pairs]
        return None

    def _generators(self, generators: list[ast.comprehension]) -> None:
        names: list[str] = []
        start = self._add([START_COMPREHENSION, generators[0].iter.lineno, names])
        assert start >= 0
        for generator in generators:
            target = names_of(generator.target)
            names += _flat(target)
            source = self.value(generator.iter)
            self._add([FOR, generator.iter.lineno, target, source])
            for condition in generator.ifs:
                self.value(condition)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Operand:
        self._generators(node.generators)
        element = self.value(node.elt)
        if isinstance(element, str):
            # The name ends with the comprehension, its value does not.
            element = self._add([ATTRIBUTE, node.lineno, element, ""])
        self._add([END_COMPREHENSION, node.lineno])
        return None if element is None else ["[", element]

    def _dictionary_comprehension(self, node: ast.DictComp) -> None:
        self._generators(node.generators)
        self.value(node.key)
        self.value(node.value)
        self._add([END_COMPREHENSION, node.lineno])
