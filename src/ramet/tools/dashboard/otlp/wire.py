"""Taking a broken protobuf request apart, so that only the broken item of it is lost.

The parser refuses a whole message where one string of one span is no UTF-8 or nested too deeply.
All three requests of OTLP have one shape, so items can be cut out without knowing what they are:
request 1: group; group 1: resource, 2: scoped; scoped 2: items. See "Message structure"
in the Protocol Buffers documentation (encoding).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

__all__ = ["Malformed", "RawGroup", "raw_groups"]

FIELDS = 200_000
"""Fields that are looked at in one request: an item has one, and bytes of no meaning millions."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Malformed(Exception):
    """The outermost structure is no protobuf."""


class RawGroup(NamedTuple):
    """One scope's items, each undecoded."""

    resource: bytes
    items: list[bytes]


def raw_groups(request: bytes) -> Iterator[RawGroup]:
    """The groups of any of the three requests. Raises `Malformed`."""
    left = count(FIELDS, -1)
    for group in _fields(request, 1, left):
        resource = b"".join(_fields(group, 1, left))
        for scoped in _fields(group, 2, left):
            yield RawGroup(resource, list(_fields(scoped, 2, left)))


def _fields(message: bytes, wanted: int, left: Iterator[int]) -> Iterator[bytes]:
    """The contents of one length-delimited field, each time that it occurs."""
    at = 0
    while at < len(message):
        if not next(left):
            raise Malformed(f"more than {FIELDS:,} items in one request")
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _BYTES:
            length, at = _varint(message, at)
            if number == wanted:
                yield message[at : at + length]
            at += length
        elif kind == _VARINT:
            _, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise Malformed(f"unknown wire type {kind}")
    if at != len(message):
        raise Malformed("a field is longer than its message")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    result = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise Malformed("a message ends within a number")
        byte = message[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
    raise Malformed("a number is longer than ten bytes")
