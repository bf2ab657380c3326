"""A file is read whatever its encoding and its version of Python, with its lines kept."""

from __future__ import annotations

import ast

import pytest

from ramet.tools.assess.source.parsing import parse


@pytest.mark.parametrize(
    "newer",
    [
        "class A[T: int](Base[T]): pass",
        "def f[T](x: T) -> T: return x",
        "type A[T] = list[T]",
        "x = f'{d['a']}'",
        "x = f'''\n{d['''a''']}\n'''",
        "x = t'hello {name}'",
        "try:\n    pass\nexcept ValueError, TypeError:\n    pass",
    ],
)
def test_newer_syntax_is_read_and_its_lines_are_kept(newer: str) -> None:
    pytest.importorskip("libcst")
    parsed = parse(f"{newer}\nlast = 1\n".encode())
    assert parsed.problem is None
    assert parsed.tree is not None
    last = parsed.tree.body[-1]
    assert isinstance(last, ast.Assign)
    assert last.lineno == newer.count("\n") + 2


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfname = '\xc3\xa9'\n",
        "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nname = 'é'\n".encode("cp1252"),
        "name = 'é'\n".encode(),
    ],
)
def test_a_declared_encoding_is_followed(content: bytes) -> None:
    parsed = parse(content)
    assert parsed.problem is None
    assert parsed.tree is not None
    last = parsed.tree.body[-1]
    assert isinstance(last, ast.Assign)
    assert ast.literal_eval(last.value) == "é"


@pytest.mark.parametrize(
    "content",
    [
        "name = 'é'\n".encode("latin-1"),
        "try:\n    x = 'é'\nexcept KeyError, ValueError:\n    pass\n".encode("latin-1"),
        "x = t'{'é'}'\n".encode("latin-1"),
        *(
            f"# -*- coding: {unknown} -*-\nname = 1\n".encode()
            for unknown in ("klingon", "rot13", "hex", "mbcs", "undefined", "utf8-mac")
        ),
        b"#!/usr/bin/python\n# coding=klingon\nname = 1\n",
        b"# coding=klingon",
    ],
)
def test_what_is_in_no_known_encoding_is_read_and_told(content: bytes) -> None:
    parsed = parse(content)
    assert parsed.tree is not None
    assert parsed.problem is not None
    assert parsed.problem[0] == "encoding"


@pytest.mark.parametrize("content", [b"print 'a'\n", b"x = (\n", b"x = 1\0\n", b"(" * 5_000])
def test_what_no_parser_reads_is_told_with_its_kind(content: bytes) -> None:
    parsed = parse(content)
    assert parsed.tree is None
    assert parsed.problem is not None
    assert parsed.problem[0] in ("syntax-error", "too-deep")
