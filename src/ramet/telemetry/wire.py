"""The few forms of Protocol Buffers' wire format that OTLP is made of.

By hand, because message objects made in Python cost ten times as much as the bytes, in the one
process that also answers requests (https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["attributes", "chunk", "double", "fixed64", "pair", "text", "value", "varint"]

_SMALL = [bytes([number]) for number in range(128)]
LARGEST_TEXT = 16_000
"""Characters of one value; the rest is cut off."""


def varint(number: int) -> bytes:
    """A whole number, 0 or more."""
    if number < 128:
        return _SMALL[number]
    found = bytearray()
    while number >= 128:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def chunk(field: int, content: bytes) -> bytes:
    """A field of bytes, a text or a message; nothing where it is empty."""
    length = len(content)
    if length < 128:
        return _SMALL[field << 3 | 2] + _SMALL[length] + content if length else b""
    return _SMALL[field << 3 | 2] + varint(length) + content


def text(field: int, content: str) -> bytes:
    """A field of text. What UTF-8 cannot say, such as half of a surrogate pair, becomes `?`."""
    return chunk(field, content.encode(errors="replace"))


_fixed64 = struct.Struct("<BQ").pack
_double = struct.Struct("<Bd").pack


def fixed64(field: int, number: int) -> bytes:
    """A field of a 64-bit number, such as a time in nanoseconds."""
    return _fixed64(field << 3 | 1, number)


def double(field: int, number: float) -> bytes:
    """A field of a floating-point number."""
    return _double(field << 3 | 1, number)


def attributes(field: int, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> bytes:
    """Repeated `KeyValue`s. None is left out; what OTLP has no kind for becomes its text."""
    pairs = values.items() if isinstance(values, Mapping) else values
    return b"".join([chunk(field, pair(key, each)) for key, each in pairs if each is not None])


def pair(key: str, given: Any) -> bytes:
    """A `KeyValue` without its field."""
    return text(1, key) + b"\x12" + _sized(value(given))


def _sized(content: bytes) -> bytes:
    return varint(len(content)) + content


def value(given: Any) -> bytes:
    """`AnyValue`: 1 string, 2 bool, 3 int, 4 double, 5 array, 6 mapping; empty where it is None."""
    if given is None:
        return b""
    if isinstance(given, str):
        return b"\x0a" + _sized(given[:LARGEST_TEXT].encode(errors="replace"))
    if isinstance(given, bool):
        return b"\x10\x01" if given else b"\x10\x00"
    if isinstance(given, int):
        if not -(2**63) <= given < 2**63:
            return value(str(given))
        return b"\x18" + varint(given & (2**64 - 1))
    if isinstance(given, float):
        return double(4, given)
    if isinstance(given, Mapping):
        inner = attributes(1, [(str(key), each) for key, each in given.items()])
        return b"\x32" + _sized(inner)
    if isinstance(given, list | tuple | set | frozenset):
        return b"\x2a" + _sized(b"".join([b"\x0a" + _sized(value(each)) for each in given]))
    return value(str(given))
