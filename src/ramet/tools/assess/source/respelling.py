"""Newer Python -> older Python by its spelling alone, line for line: quick, and enough mostly.

Where more than a line's spelling is needed, `older` reads the file with libcst, which takes a
hundred times as long. What looks like newer syntax within a string is changed too, to no harm:
nobody looks for names there.
"""

from __future__ import annotations

import re

__all__ = ["respell"]

# Patterns are compiled when they are first used, which few runs do.

_NAME = rb"[\w.]+"

# `except A, B:`, allowed without parentheses from 3.14 on (PEP 758).
_EXCEPT = rb"(?m)^([ \t]*except\*?[ \t]+)(" + _NAME + rb"(?:[ \t]*,[ \t]*" + _NAME + rb")+)[ \t]*:"
# `def f[T](`, `class A[T: int, *U](`, from 3.12 on (PEP 695).
_PARAMETERS = (
    rb"(?m)^([ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+)\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]"
)
# `type A = ...`, `type A[T] = ...`, from 3.12 on.
_ALIAS = rb"(?m)^([ \t]*)type[ \t]+(\w+)(?:\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\])?[ \t]*="


def respell(content: bytes) -> bytes:
    """The content with what is spelled in a newer way put in an older one."""
    content = re.sub(_EXCEPT, rb"\1(\2):", content)
    content = re.sub(_PARAMETERS, rb"\1", content)
    return re.sub(_ALIAS, rb"\1\2 =", content)
