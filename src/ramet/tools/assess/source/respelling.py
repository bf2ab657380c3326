"""Newer Python -> older Python by its spelling alone, line for line: quick, and enough mostly.

Where more than a line's spelling is needed, `older` reads the file with libcst, which takes a
hundred times as long. What looks like newer syntax within a string is changed too, to no harm:
nobody looks for names there.
"""

from __future__ import annotations

import re

__all__ = ["respell"]

_NAME = rb"[\w.]+"

# `except A, B:`, allowed without parentheses from 3.14 on (PEP 758).
_EXCEPT = re.compile(
    rb"^([ \t]*except\*?[ \t]+)(" + _NAME + rb"(?:[ \t]*,[ \t]*" + _NAME + rb")+)[ \t]*:", re.M
)
# `def f[T](`, `class A[T: int, *U](`, from 3.12 on (PEP 695).
_PARAMETERS = re.compile(
    rb"^([ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+)\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]", re.M
)
# `type A = ...`, `type A[T] = ...`, from 3.12 on.
_ALIAS = re.compile(rb"^([ \t]*)type[ \t]+(\w+)(?:\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\])?[ \t]*=", re.M)


def respell(content: bytes) -> bytes:
    """The content with what is spelled in a newer way put in an older one."""
    content = _EXCEPT.sub(rb"\1(\2):", content)
    content = _PARAMETERS.sub(rb"\1", content)
    return _ALIAS.sub(rb"\1\2 =", content)
