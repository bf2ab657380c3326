"""`ast` expressions -> those of `extract`: what can be resolved later is kept, or Unknown."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ramet.tools.assess.source.extract import (
    Attribute,
    Call,
    Choice,
    Each,
    Expression,
    Item,
    Items,
    Join,
    Name,
    Operation,
    Pairs,
    Starred,
    Unknown,
)

__all__ = ["OPERATORS", "expression"]

# Longer ones are data (translations, fixtures, generated tables), and are cut.
MOST_ITEMS = 2_000
MOST_CHARACTERS = 20_000

# Binary operators that settings, names of models and queries are built with.
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Mod: "%",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.Div: "/",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.BitXor: "^",
}


def expression(node: ast.expr) -> Expression:
    """The expression of a node, to whatever depth the parser allowed."""
    handler = _HANDLERS.get(node.__class__)
    return handler(node) if handler is not None else Unknown(node.lineno)


def _constant(node: ast.Constant) -> Expression:
    value = node.value
    if value.__class__ is str:
        return value if len(value) <= MOST_CHARACTERS else value[:MOST_CHARACTERS]
    if value is None or value.__class__ is bool or value.__class__ is float:
        return value
    # MessagePack has no integers beyond 64 bits.
    if value.__class__ is int and -(2**63) <= value < 2**63:
        return value
    return Unknown(node.lineno)


def _attribute(node: ast.Attribute) -> Expression:
    names = [node.attr]
    of = node.value
    while of.__class__ is ast.Attribute:
        names.append(of.attr)
        of = of.value
    if of.__class__ is ast.Name:
        names.append(of.id)
        names.reverse()
        return Name(".".join(names))
    return Attribute(expression(node.value), node.attr)


def _call(node: ast.Call) -> Expression:
    return Call(
        expression(node.func),
        [expression(each) for each in node.args],
        {each.arg or "**": expression(each.value) for each in node.keywords},
        node.lineno,
    )


def _items(node: ast.List | ast.Tuple | ast.Set) -> Expression:
    return Items([expression(each) for each in node.elts[:MOST_ITEMS]])


def _pairs(node: ast.Dict) -> Expression:
    return Pairs(
        [None if key is None else expression(key) for key in node.keys[:MOST_ITEMS]],
        [expression(value) for value in node.values[:MOST_ITEMS]],
    )


def _operation(node: ast.BinOp) -> Expression:
    operator = OPERATORS.get(node.op.__class__)
    if operator is None:
        return Unknown(node.lineno)
    return Operation(operator, expression(node.left), expression(node.right))


def _join(node: ast.JoinedStr) -> Expression:
    return Join(
        [
            expression(part.value if isinstance(part, ast.FormattedValue) else part)
            for part in node.values
        ]
    )


def _negative(node: ast.UnaryOp) -> Expression:
    operand = expression(node.operand)
    if node.op.__class__ is ast.USub and isinstance(operand, int | float):
        return -operand
    # `~Q(...)` and `not x` mean the same as their operand to everybody who follows names.
    return operand if node.op.__class__ in (ast.Invert, ast.Not) else Unknown(node.lineno)


def _each(node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Expression:
    only = node.generators[0]
    if len(node.generators) > 1 or not isinstance(only.target, ast.Name):
        return Unknown(node.lineno)
    return Each(expression(node.elt), only.target.id, expression(only.iter))


_HANDLERS: dict[type[ast.expr], Callable[[Any], Expression]] = {
    ast.Constant: _constant,
    ast.Name: lambda node: Name(node.id),
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
    ast.Dict: _pairs,
    ast.BinOp: _operation,
    ast.UnaryOp: _negative,
    ast.JoinedStr: _join,
    ast.Subscript: lambda node: Item(expression(node.value), expression(node.slice)),
    ast.Starred: lambda node: Starred(expression(node.value)),
    ast.IfExp: lambda node: Choice([expression(node.body), expression(node.orelse)]),
    ast.BoolOp: lambda node: Choice([expression(each) for each in node.values]),
    ast.ListComp: _each,
    ast.SetComp: _each,
    ast.GeneratorExp: _each,
    ast.NamedExpr: lambda node: expression(node.value),
    ast.Await: lambda node: expression(node.value),
}
