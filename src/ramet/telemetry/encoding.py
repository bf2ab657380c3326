"""Spans as OTLP, in the exporter's thread; what tells a secret or a person's address is taken out.

The messages are those of opentelemetry/proto/trace/v1/trace.proto, whose field numbers stand here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from opentelemetry.trace import Link

from ramet.telemetry import exporting, wire
from ramet.telemetry.redaction import redact_field
from ramet.telemetry.spans import Event, Shape, Span

__all__ = ["encode"]

_ERROR = wire.varint(3 << 3 | 0) + wire.varint(2)  # Status.code = STATUS_CODE_ERROR


def encode(spans: Iterable[Span], resource: bytes, *, with_service: bool) -> Iterator[bytes]:
    """As many `ExportTraceServiceRequest`s as it takes.

    A span that cannot be encoded, such as a team's own with a time that is no whole number, is left
    out and counted. `resource` is an encoded Resource; `with_service`: each span says whose it is,
    because several services share this process.
    """
    by_scope: dict[str, list[bytes]] = {}
    size = 0
    for span in spans:
        try:
            encoded = wire.chunk(2, _span(span, with_service))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are sent
            exporting.drop("traces", span.name or span.shape.name, error)
            continue
        known = by_scope.get(span.shape.scope)
        if known is None:
            known = by_scope[span.shape.scope] = []
        known.append(encoded)
        size += len(encoded)
        if size >= exporting.LARGEST_PAYLOAD:
            yield _request(by_scope, resource)
            by_scope, size = {}, 0
    if by_scope:
        yield _request(by_scope, resource)


def _request(by_scope: Mapping[str, list[bytes]], resource: bytes) -> bytes:
    scopes = [
        wire.chunk(2, wire.chunk(1, wire.text(1, scope)) + b"".join(encoded))
        for scope, encoded in by_scope.items()
    ]
    return wire.chunk(1, wire.chunk(1, resource) + b"".join(scopes))


def _span(span: Span, with_service: bool) -> bytes:
    shape = span.shape
    name, common = shape.encoded or _of_shape(shape)
    parts = [
        b"\x0a\x10",
        bytes.fromhex(span.trace_id),
        b"\x12\x08",
        bytes.fromhex(span.span_id),
        name if span.name is None else wire.text(5, redact_field("", span.name)),
        common,
        wire.fixed64(7, span.start_time),
        wire.fixed64(8, span.end_time),
    ]
    if span.parent_id:
        parts += (b"\x22\x08", bytes.fromhex(span.parent_id))
    if span.state:
        parts.append(wire.text(3, span.state))
    if span.attributes:
        parts.append(_attributes(9, span.attributes))
    if with_service and span.service is not None:
        parts.append(wire.chunk(9, _pair("ramet.service", span.service)))
    if span.events:
        parts += [wire.chunk(11, _event(event)) for event in span.events]
    if span.links:
        parts += [wire.chunk(13, _link(link)) for link in span.links]
    if span.is_error:
        message = redact_field("", span.message or "")
        parts.append(wire.chunk(15, wire.text(2, message) + _ERROR))
    return b"".join(parts)


def _of_shape(shape: Shape) -> tuple[bytes, bytes]:
    # SpanKind of the API counts from 0, that of the protocol from 1.
    common = b"\x30" + wire.varint(shape.kind.value + 1) + _attributes(9, shape.attributes)
    shape.encoded = wire.text(5, redact_field("", shape.name)), common
    return shape.encoded


def _event(event: Event) -> bytes:
    return wire.fixed64(1, event.time) + wire.text(2, event.name) + _attributes(3, event.attributes)


def _link(link: Link) -> bytes:
    context = link.context
    return (
        wire.chunk(1, context.trace_id.to_bytes(16, "big"))
        + wire.chunk(2, context.span_id.to_bytes(8, "big"))
        + wire.text(3, context.trace_state.to_header())
        + _attributes(4, link.attributes or {})
    )


def _attributes(field: int, values: Mapping[str, Any]) -> bytes:
    return b"".join(
        [
            wire.chunk(
                field,
                (
                    _pair
                    if type(value) in _PLAIN or (type(value) is str and len(value) <= _SHORT)
                    else _new_pair
                )(key, value),
            )
            for key, value in values.items()
            if value is not None
        ]
    )


def _new_pair(key: str, value: Any) -> bytes:
    if type(value) is str:
        value = value[: wire.LARGEST_TEXT]  # to look through megabytes for secrets takes seconds
    return wire.pair(key, redact_field(key, value))


# Routes, methods, statuses and names of services come again and again; a traceback, or a list of
# placeholders, would stay for ever. Typed: True equals 1.
_pair = lru_cache(maxsize=4096, typed=True)(_new_pair)
_PLAIN = frozenset({int, bool})
_SHORT = 200  # characters
