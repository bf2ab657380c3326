"""One file's content -> its `Extract`, encoded. This is what runs in the pool's processes."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
import sys
from functools import cache
from pathlib import Path

import msgspec

from ramet.tools.assess.source.extract import Extract, Problem
from ramet.tools.assess.source.outside import read_outside
from ramet.tools.assess.source.parsing import Parsed, parse
from ramet.tools.assess.source.visiting import visit

__all__ = ["extract", "extract_lot", "version"]

_ENCODER = msgspec.msgpack.Encoder()
_NOTHING = memoryview(_ENCODER.encode(None))
_EMPTY = memoryview(_ENCODER.encode([]))

# Expressions are followed by recursion: a sum of a thousand strings must not end it.
_DEEPEST = 20_000


def extract(content: bytes, *, is_own: bool = True) -> bytes:
    """The encoded `Extract`. `behaviour` is null where nothing could be read, or it is not ours."""
    if sys.getrecursionlimit() < _DEEPEST:
        sys.setrecursionlimit(_DEEPEST)
    lines = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
    parsed = parse(content)
    if parsed.tree is None:
        return _ENCODER.encode(Extract(lines, _EMPTY, None, _NOTHING, parsed.problem))
    try:
        return _encoded(lines, parsed, is_own)
    except RecursionError:
        problem: Problem = ("too-deep", "it is nested deeper than can be followed", 0)
    except UnicodeEncodeError:
        # Half a surrogate pair, which is legal in a string of Python and nowhere else.
        _replace_surrogates(parsed.tree)
        return _encoded(lines, parsed, is_own)
    return _ENCODER.encode(Extract(lines, _EMPTY, None, _NOTHING, problem))


def extract_lot(root: str, paths: list[str], is_own: bool) -> list[tuple[str, bytes]]:
    """The encoded extracts of files below a folder, without those that are gone meanwhile."""
    extracted = []
    for path in paths:
        try:
            content = Path(root, path).read_bytes()
        except OSError:  # gone since it was looked at
            continue
        extracted.append((path, extract(content, is_own=is_own)))
    return extracted


def _encoded(lines: int, parsed: Parsed, is_own: bool) -> bytes:
    assert parsed.tree is not None
    outside = read_outside(parsed.tree)
    body = memoryview(_ENCODER.encode(outside.body))
    behaviour = _NOTHING
    if is_own:
        behaviour = memoryview(_ENCODER.encode(visit(parsed.tree)))
    return _ENCODER.encode(Extract(lines, body, outside.exports, behaviour, parsed.problem))


def _replace_surrogates(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = node.value.encode("utf-8", "replace").decode()


@cache
def version() -> bytes:
    """A digest of the code that assesses, and its Python: what another made is of no use."""
    digest = hashlib.sha256(platform.python_version().encode())
    package = Path(__file__).parent.parent
    paths = sorted(map(str, package.parents[1].glob("*.py")))  # what it has of Ramet beside itself
    for folder, _, names in sorted(os.walk(package)):
        if not folder.endswith("__pycache__"):
            paths += [f"{folder}/{name}" for name in sorted(names)]
    for path in paths:
        with open(path, "rb") as file:  # a hundred times: Path takes as long
            digest.update(file.read())
    return digest.digest()
