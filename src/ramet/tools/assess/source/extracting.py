"""One file's content -> its `Extract`, encoded. This is what runs in the pool's processes."""

from __future__ import annotations

import hashlib
import platform
import sys
from functools import cache
from pathlib import Path

import msgspec

from ramet.tools.assess.source.extract import Extract
from ramet.tools.assess.source.outside import read_outside
from ramet.tools.assess.source.parsing import parse
from ramet.tools.assess.source.visiting import visit

__all__ = ["extract", "version"]

_ENCODER = msgspec.msgpack.Encoder()
_NOTHING = msgspec.Raw(_ENCODER.encode(None))
_EMPTY = msgspec.Raw(_ENCODER.encode([]))

# Expressions are followed by recursion: a sum of a thousand strings must not end it.
_DEEPEST = 20_000


def extract(content: bytes, *, is_own: bool = True) -> bytes:
    """The encoded `Extract`. `behaviour` is null where nothing could be read, or it is not ours."""
    if sys.getrecursionlimit() < _DEEPEST:
        sys.setrecursionlimit(_DEEPEST)
    lines = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
    parsed = parse(content)
    if parsed.tree is None:
        return _ENCODER.encode(Extract(lines, _EMPTY, None, b"", _NOTHING, parsed.problem))
    try:
        outside = read_outside(parsed.tree, parsed.source)
        behaviour = _NOTHING
        if is_own:
            behaviour = msgspec.Raw(_ENCODER.encode(visit(parsed.tree)))
    except RecursionError:
        problem = ("too-deep", "it is nested deeper than can be followed", 0)
        return _ENCODER.encode(Extract(lines, _EMPTY, None, b"", _NOTHING, problem))
    return _ENCODER.encode(
        Extract(
            lines,
            msgspec.Raw(_ENCODER.encode(outside.body)),
            outside.exports,
            outside.digest,
            behaviour,
            parsed.problem,
        )
    )


@cache
def version() -> bytes:
    """A digest of the code that reads and links, and its Python: what another made is of no use."""
    digest = hashlib.blake2b(platform.python_version().encode(), digest_size=16)
    package = Path(__file__).parent.parent
    for folder in (package / "source", package / "linking"):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()
