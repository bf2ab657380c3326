"""Attributes of OTLP as JSON, cut to what a page can show.

Values that are no strings are rare, so strings take the short way: this is the hottest loop of the
decoder.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from ramet.tools.dashboard.otlp.tally import Tally

__all__ = ["as_json", "cut", "mapping", "plain"]

COUNT = 128
"""Attributes of one item; OpenTelemetry's SDKs have the same limit by default."""
LENGTH = 8_192
"""Characters of one value."""
DEPTH = 8
"""Lists and maps within each other."""
WHOLE = 65_536
"""Characters of all attributes of one item as JSON."""
SHORT = 256
"""Where they are more, what is longer than this is left out."""

_encode = msgspec.json.Encoder().encode


def mapping(pairs: Sequence[KeyValue], tally: Tally) -> dict[str, Any]:
    """A plain dictionary of at most 128 attributes."""
    if len(pairs) > COUNT:
        tally.change("attributes-cut")
        pairs = pairs[:COUNT]
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        text = value.string_value
        found[pair.key] = text if text and len(text) <= LENGTH else plain(value, tally)
    return found


def plain(value: AnyValue, tally: Tally, depth: int = 0) -> Any:
    """What JSON can say of a value: bytes in base64, what is nested too deeply as "…"."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return cut(value.string_value, LENGTH, tally)
    if kind in ("bool_value", "int_value", "double_value"):
        return getattr(value, kind)
    if kind == "bytes_value":
        return cut(base64.b64encode(value.bytes_value[:LENGTH]).decode(), LENGTH, tally)
    if kind == "array_value":
        values = value.array_value.values
        if depth == DEPTH or len(values) > COUNT:
            tally.change("attributes-cut")
        if depth == DEPTH:
            return "…"
        return [plain(each, tally, depth + 1) for each in values[:COUNT]]
    if kind == "kvlist_value":
        pairs = value.kvlist_value.values
        if depth == DEPTH or len(pairs) > COUNT:
            tally.change("attributes-cut")
        if depth == DEPTH:
            return "…"
        return {pair.key: plain(pair.value, tally, depth + 1) for pair in pairs[:COUNT]}
    return None


def cut(text: str, length: int, tally: Tally, reason: str = "text-cut") -> str:
    """The text, or its beginning with what was left out told, and counted."""
    if len(text) <= length:
        return text
    tally.change(reason)
    return f"{text[:length]}… ({len(text) - length} more characters)"


def as_json(attributes: Mapping[str, Any], tally: Tally) -> str:
    """A JSON object of at most 65,536 characters. Infinities and NaN become null."""
    text = _encode(attributes).decode()
    if len(text) <= WHOLE:
        return text
    tally.change("attributes-cut")
    # At most 128 keys and values of 256 characters each are left: about the limit again.
    short = {
        key: value
        for key, value in attributes.items()
        if len(key) <= SHORT and len(str(value)) <= SHORT
    }
    return _encode(short).decode()
