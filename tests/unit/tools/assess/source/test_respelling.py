"""Common newer syntax is read without libcst, and what is older stays as it is."""

from __future__ import annotations

import ast

import pytest

from ramet.tools.assess.source.respelling import respell


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("except A, b.B :", "except (A, b.B):"),
        ("    except* A, B, C: pass", "    except* (A, B, C): pass"),
        ("def f[T: (int, str), *U](x: T) -> T:", "def f(x: T) -> T:"),
        ("    async def f[T](self):", "    async def f(self):"),
        ("class A[T, U: dict[str, T]](Base[T]):", "class A(Base[T]):"),
        ("class A[T]:", "class A:"),
        ("type A[T] = list[T]", "A = list[T]"),
        ("type A = int", "A = int"),
    ],
)
def test_newer_syntax_is_spelled_in_an_older_way(newer: str, older: str) -> None:
    assert respell(newer.encode()) == older.encode()


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    pass\nexcept (A, B):\n    pass\nexcept C as c:\n    pass\nexcept:\n    pass\n",
        "def f(x: dict[str, int] = {}) -> list[int]:\n    return x[1]\n",
        "type = 1\ntype(x)\ntype.a = 2\nclass A(B[C]):\n    type: int = 3\n",
    ],
)
def test_older_syntax_stays_as_it_is(source: str) -> None:
    ast.parse(source)
    assert respell(source.encode()) == source.encode()
