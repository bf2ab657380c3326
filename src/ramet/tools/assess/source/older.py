"""Newer Python -> older Python of the same meaning to a reader of names, with its lines kept.

Type parameters (3.12), `type` statements (3.12), f-strings with anything in them (3.12), template
strings (3.14) and `except A, B` without parentheses (3.14) become what Python 3.11 reads.
"""

from __future__ import annotations

import ast
import re

import libcst as cst

__all__ = ["rewrite"]

# Python itself allows 200 brackets in each other; libcst goes down the machine's stack without end.
DEEPEST = 200


def rewrite(content: bytes) -> bytes | None:
    """The content in older syntax, None where libcst cannot read it either."""
    if _depth(content) > DEEPEST:
        return None
    try:
        module = cst.parse_module(content)
        return module.visit(_Older()).bytes
    except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError, UnicodeError):
        return None


class _Older(cst.CSTTransformer):
    def leave_ClassDef(  # noqa: N802 (libcst names it)
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef:
        return updated_node.with_changes(type_parameters=None)

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        return updated_node.with_changes(type_parameters=None)

    def leave_TypeAlias(  # noqa: N802
        self, original_node: cst.TypeAlias, updated_node: cst.TypeAlias
    ) -> cst.BaseSmallStatement:
        return cst.Assign(
            targets=[cst.AssignTarget(target=updated_node.name)],
            value=updated_node.value,
            semicolon=updated_node.semicolon,
        )

    def leave_FormattedString(  # noqa: N802
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.BaseExpression:
        return _plain(updated_node)

    def leave_TemplatedString(  # noqa: N802
        self, original_node: cst.BaseExpression, updated_node: cst.BaseExpression
    ) -> cst.BaseExpression:
        return _plain(updated_node)

    def leave_ExceptHandler(  # noqa: N802
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler:
        caught = updated_node.type
        if isinstance(caught, cst.Tuple) and not caught.lpar:
            caught = caught.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
            return updated_node.with_changes(type=caught)
        return updated_node


def _depth(content: bytes) -> int:
    """The most brackets in each other, and at most more where strings have brackets too."""
    depth = deepest = 0
    for byte in content:
        if byte in b"([{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b")]}":
            depth = max(0, depth - 1)
    return deepest


_STRING = re.compile(r"([A-Za-z]*)(\"{3}|'{3}|\"|')(.*)\2", re.DOTALL)


def _plain(node: cst.BaseExpression) -> cst.BaseExpression:
    """What older Python reads too, as it is; else between other quotes, where it may have its own
    within; else a string with as many line ends and no text.
    """
    text = cst.Module([]).code_for_node(node)
    if _is_readable(text):
        return node
    if parts := _STRING.fullmatch(text):
        prefix = "rf" if "r" in parts[1].lower() else "f"
        for quotes in ('"""', "'''"):
            requoted = f"{prefix}{quotes}{parts[3]}{quotes}"
            if _is_readable(requoted):
                return cst.parse_expression(requoted)
    return cst.SimpleString('"""' + "\n" * text.count("\n") + '"""')


def _is_readable(text: str) -> bool:
    try:
        ast.parse(f"({text})", mode="eval")
    except SyntaxError:
        return False
    return True
