"""A parsed file -> its outside: what other files can see of it.

It goes over statements, not over every node: the inside of functions is looked at for imports,
classes and what is returned, and no further.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ramet.tools.assess.source.expressions import OPERATORS, expression
from ramet.tools.assess.source.extract import (
    Assign,
    ClassDef,
    Do,
    Expression,
    FunctionDef,
    Import,
    Item,
    Items,
    Statement,
    Unknown,
)

__all__ = ["Outside", "read_outside"]

Flag = tuple[Expression, bool] | None
"""What an `if` tests, and whether a block of it is run where that is true."""

# Calls that give a model a field from anywhere, or hand it to a function that may do so.
_ADDS_FIELDS = ("add_to_class", "contribute_to_class")
_FINDS_MODEL = ("get_model", "get_user_model", "get_registered_model")


class Outside(NamedTuple):
    """The statements of a module, and its `__all__`."""

    body: list[Statement]
    exports: list[str] | None


def read_outside(tree: ast.Module) -> Outside:
    """That of a tree."""
    body: list[Statement] = []
    _read(tree.body, body, "", "")
    return Outside(body, _exports(body))


def _exports(body: list[Statement]) -> list[str] | None:
    names: list[str] | None = None
    for statement in body:
        if isinstance(statement, Assign) and statement.target == "__all__":
            if not isinstance(statement.value, Items):
                return None
            added = [each for each in statement.value.items if isinstance(each, str)]
            if len(added) < len(statement.value.items):
                return None
            names = (names or []) + added if statement.operator else added
    return names


def _read(
    statements: Sequence[ast.stmt],
    into: list[Statement],
    scope: str,
    function: str,
    *,
    is_conditional: bool = False,
    is_typing: bool = False,
    flag: Flag = None,
) -> None:
    """`scope` is the qualified name around, with a dot at its end; `function` that without."""
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            into.append(_function(node, scope, is_conditional))
        elif isinstance(node, ast.ClassDef):
            into.append(_class(node, scope, is_conditional))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            into.extend(_imports(node, function, is_conditional, is_typing))
        elif function:
            _in_function(node, into, scope, function, is_typing)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            into.extend(_assigns(node, is_conditional, flag))
        elif isinstance(node, ast.Expr):
            if not isinstance(node.value, ast.Constant):
                into.append(Do(expression(node.value), node.lineno))
        else:
            _nested(node, into, scope, function, is_typing)


def _in_function(
    node: ast.stmt, into: list[Statement], scope: str, function: str, is_typing: bool
) -> None:
    is_making = function.endswith((".__init__", ".__new__"))
    if isinstance(node, ast.Expr):
        call = node.value
        if isinstance(call, ast.Call) and (is_making or _adds_fields(call)):
            into.append(Do(expression(call), node.lineno))
    elif isinstance(node, ast.Assign):
        if is_making or _finds_model(node.value):
            for target in node.targets:
                into.append(Assign(ast.unparse(target), expression(node.value), node.lineno))
    elif node.__class__ not in _FLAT:
        _nested(node, into, scope, function, is_typing)


def _nested(
    node: ast.stmt, into: list[Statement], scope: str, function: str, is_typing: bool
) -> None:
    """If, try, with, for, while, match: their blocks count as if they were not there."""
    if isinstance(node, ast.If):
        test = node.test
        typing = is_typing or ast.unparse(test).endswith("TYPE_CHECKING")
        for block, is_body in ((node.body, True), (node.orelse, False)):
            _read(
                block,
                into,
                scope,
                function,
                is_conditional=True,
                is_typing=typing if is_body else is_typing,
                flag=_flag(test, is_body),
            )
        return
    is_sure = isinstance(node, ast.With)
    for block in _blocks(node):
        _read(block, into, scope, function, is_conditional=not is_sure, is_typing=is_typing)


def _class(node: ast.ClassDef, scope: str, is_conditional: bool) -> ClassDef:
    name = scope + node.name
    body: list[Statement] = []
    _read(node.body, body, name + ".", "")
    return ClassDef(
        name,
        [expression(base) for base in node.bases],
        {each.arg or "**": expression(each.value) for each in node.keywords},
        [expression(each) for each in node.decorator_list],
        body,
        node.lineno,
        node.end_lineno or node.lineno,
        is_conditional,
    )


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, scope: str, is_conditional: bool
) -> FunctionDef:
    name = scope + node.name
    body: list[Statement] = []
    _read(node.body, body, name + ".", name)
    arguments = node.args
    return FunctionDef(
        name,
        [expression(each) for each in node.decorator_list],
        [each.arg for each in (*arguments.posonlyargs, *arguments.args)],
        list(_returns(node)),
        body,
        node.lineno,
        node.end_lineno or node.lineno,
        is_conditional,
    )


def _returns(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Expression]:
    """What is returned or yielded, as far as it may be of use to other files."""
    assigned: dict[str, ast.Assign] = {}
    for statement in _statements(node.body):
        value: ast.expr | None = None
        if isinstance(statement, ast.Assign):
            if isinstance(statement.targets[0], ast.Name):
                assigned.setdefault(statement.targets[0].id, statement)
        elif isinstance(statement, ast.Return):
            value = statement.value
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
            value = statement.value.value
        if value is not None and not _is_answer(value):
            if (first := assigned.get(_root(value))) is not None:
                value = _with_root(value, first.value)
            returned = expression(value)
            if not isinstance(returned, Unknown):
                yield returned


def _root(node: ast.expr) -> str:
    """The name that a chain of attributes and calls begins with, "" for none."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _with_root(node: ast.expr, root: ast.expr) -> ast.expr:
    """The chain with `root` in the place of that name: what a local name stands for."""
    if isinstance(node, ast.Attribute):
        changed: ast.expr = ast.Attribute(_with_root(node.value, root), node.attr, node.ctx)
    elif isinstance(node, ast.Call):
        changed = ast.Call(_with_root(node.func, root), node.args, node.keywords)
    else:
        return root
    return ast.copy_location(changed, node)


def _adds_fields(call: ast.Call) -> bool:
    name = _called(call)
    return name in _ADDS_FIELDS or "register" in name


def _finds_model(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and _called(value) in _FINDS_MODEL


def _called(call: ast.Call) -> str:
    """The last part of what is called."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


# What views and methods return most, and what nobody resolves a name by.
_ANSWERS = frozenset(
    (
        "FileResponse",
        "HttpResponse",
        "HttpResponseRedirect",
        "JsonResponse",
        "Response",
        "StreamingHttpResponse",
        "TemplateResponse",
        "_",
        "bool",
        "float",
        "format_html",
        "gettext",
        "gettext_lazy",
        "int",
        "len",
        "mark_safe",
        "ngettext",
        "redirect",
        "render",
        "reverse",
        "reverse_lazy",
    )
)


def _is_answer(value: ast.expr) -> bool:
    """Whether what is returned is of no use to other files: a constant, a response, a text."""
    if isinstance(value, ast.Call):
        return _called(value) in _ANSWERS
    return isinstance(value, ast.Constant | ast.Compare | ast.JoinedStr)


# Statements without blocks in them, nor anything to keep when they stand in a function.
_FLAT = frozenset(
    (
        ast.Assign,
        ast.AnnAssign,
        ast.AugAssign,
        ast.Return,
        ast.Raise,
        ast.Pass,
        ast.Assert,
        ast.Delete,
        ast.Global,
        ast.Nonlocal,
        ast.Break,
        ast.Continue,
    )
)


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(node, name, None):
            yield block
    for handler in getattr(node, "handlers", ()):
        yield handler.body
    for case in getattr(node, "cases", ()):
        yield case.body


def _statements(block: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement of a function's body, but those of functions and classes in it."""
    for node in block:
        yield node
        kind = node.__class__
        if kind in _FLAT or kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Expr):
            continue
        for inner in _blocks(node):
            yield from _statements(inner)


def _imports(
    node: ast.Import | ast.ImportFrom, function: str, is_conditional: bool, is_typing: bool
) -> Iterator[Import]:
    line = node.lineno
    if isinstance(node, ast.Import):
        for each in node.names:
            alias = each.asname or each.name.partition(".")[0]
            yield Import(each.name, "", alias, line, is_typing, is_conditional, function)
        return
    module = "." * node.level + (node.module or "")
    for each in node.names:
        alias = "" if each.name == "*" else each.asname or each.name
        yield Import(module, each.name, alias, line, is_typing, is_conditional, function)


def _flag(test: ast.expr, is_body: bool) -> Flag:
    """What decides a block of an `if`, where a setting may."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _flag(test.operand, not is_body)
    is_one = isinstance(test, ast.Name | ast.Attribute | ast.Call)
    return (expression(test), is_body) if is_one else None


def _assigns(node: ast.stmt, is_conditional: bool, flag: Flag) -> Iterator[Assign]:
    line = node.lineno
    flagged = flag or (None, True)
    if isinstance(node, ast.AnnAssign):
        if node.value is not None and (target := _target(node.target)):
            yield Assign(target, expression(node.value), line, "", is_conditional, *flagged)
    elif isinstance(node, ast.AugAssign):
        operator = OPERATORS.get(node.op.__class__, "?")
        if target := _target(node.target):
            yield Assign(target, expression(node.value), line, operator, is_conditional)
    elif isinstance(node, ast.Assign):
        for each in node.targets:
            if isinstance(each, ast.Tuple | ast.List):
                yield from _unpacked(each, node.value, line, is_conditional)
            elif target := _target(each):
                yield Assign(target, expression(node.value), line, "", is_conditional, *flagged)


def _unpacked(
    targets: ast.Tuple | ast.List, value: ast.expr, line: int, is_conditional: bool
) -> Iterator[Assign]:
    """`a, b = 1, 2`, pair by pair; where the value is no tuple, each target is an item of it."""
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets.elts):
        values = [expression(each) for each in value.elts]
    else:
        whole = expression(value)
        values = [Item(whole, index) for index in range(len(targets.elts))]
    for each, its in zip(targets.elts, values, strict=True):
        if target := _target(each):
            yield Assign(target, its, line, "", is_conditional)


def _target(node: ast.expr) -> str:
    """`a`, `a.b`; "" where it is neither."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        of = _target(node.value)
        return f"{of}.{node.attr}" if of else ""
    return ""
