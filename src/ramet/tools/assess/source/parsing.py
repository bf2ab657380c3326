"""Bytes of a Python file -> its tree, also where the file is newer than the Python that runs.

`ast` reads the syntax of its own version. What it cannot read is spelled in an older way
(`respelling`); where that is not enough, it is read by libcst, whose parser knows every version's,
rewritten to older syntax of the same meaning line by line (`older`), and given to `ast` again. What
is in no known encoding is read as Latin-1: names are ASCII nearly always, and the caller is told.
"""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
import warnings

import msgspec

from ramet.tools.assess.source.extract import Problem
from ramet.tools.assess.source.respelling import respell

__all__ = ["Parsed", "parse"]


class Parsed(msgspec.Struct, frozen=True):
    """`tree` is None where nothing could be read."""

    tree: ast.Module | None
    problem: Problem | None = None


def parse(content: bytes) -> Parsed:
    """The tree of a file's content. Raises nothing that a file's content could bring about."""
    content, problem = _utf8(content)
    try:
        with warnings.catch_warnings():
            # Escapes that a later Python refuses are no matter of ours.
            warnings.simplefilter("ignore")
            return Parsed(ast.parse(content), problem)
    except (SyntaxError, ValueError) as error:
        said = error
    except (RecursionError, MemoryError):
        return Parsed(None, ("too-deep", "it is nested deeper than Python can read", 0))
    return _parse_newer(content, said, problem)


def _parse_newer(content: bytes, said: SyntaxError | ValueError, problem: Problem | None) -> Parsed:
    respelled = respell(content)
    if respelled != content and (tree := _tree(respelled)) is not None:
        return Parsed(tree, problem)
    line = getattr(said, "lineno", None) or 0
    sentence = f"Python cannot read it: {getattr(said, 'msg', None) or said}"
    try:
        from ramet.tools.assess.source.older import rewrite
    except ImportError:
        return Parsed(
            None,
            ("syntax-error", f"{sentence}; ramet[assess] has a parser for newer syntax", line),
        )
    rewritten = rewrite(content)
    if rewritten is not None and (tree := _tree(rewritten)) is not None:
        return Parsed(tree, problem)
    return Parsed(None, ("syntax-error", sentence, line))


def _tree(content: bytes) -> ast.Module | None:
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _utf8(content: bytes) -> tuple[bytes, Problem | None]:
    """The content as UTF-8 without a byte order mark, as `ast.parse` reads bytes best."""
    if content.isascii() and not _may_declare(content):
        return content, None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        said = "it is UTF-16, in which Python reads no source"
        return content.decode("utf-16", "replace").encode(errors="replace"), ("encoding", said, 0)
    problem: Problem | None = None
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        text = content.decode(encoding)
    except (SyntaxError, UnicodeError, LookupError) as error:
        text = content.decode("latin-1")
        problem = ("encoding", f"it is not in the encoding that it declares: {error}", 0)
    if problem is None and encoding == "utf-8":
        return content, None
    # A declaration of another encoding would mislead ast.parse, so it is made a plain comment.
    head, newline, rest = _first_two(text)
    return (head.replace("coding", "c0ding") + newline + rest).encode(), problem


def _may_declare(content: bytes) -> bool:
    """Whether one of the first two lines can name an encoding (PEP 263)."""
    end = content.find(b"\n", content.find(b"\n") + 1)
    return b"coding" in content[: end if end >= 0 else len(content)]


def _first_two(text: str) -> tuple[str, str, str]:
    lines = text.split("\n", 2)
    if len(lines) < 3:
        return text, "", ""
    return "\n".join(lines[:2]), "\n", lines[2]
