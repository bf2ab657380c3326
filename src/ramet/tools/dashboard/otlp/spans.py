"""Spans of OTLP as rows. The hot part of the decoder: one function, nothing looked up twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ramet.tools.dashboard.otlp import attributes
from ramet.tools.dashboard.otlp.peers import peer
from ramet.tools.dashboard.otlp.resources import Group, described, service_of
from ramet.tools.dashboard.otlp.tally import Tally
from ramet.tools.dashboard.otlp.times import latest
from ramet.tools.dashboard.store import SpanRecord

__all__ = ["records"]

NAME = 500
"""Characters of a span's name."""
MESSAGE = 4_096
"""Characters of a status message."""
TOGETHER = 128
"""Events, and links, of one span."""
NO_TRACE = bytes(16)
NO_SPAN = bytes(8)


def records(groups: Iterable[Group[Span]], tally: Tally) -> list[SpanRecord]:
    """Every span that can be kept; the others are counted."""
    found: list[SpanRecord] = []
    limit = latest()
    for group in groups:
        service, resource = described(group.resource, tally)
        for span in group.items:
            record = _record(span, service, resource, limit, tally)
            if record is not None:
                found.append(record)
    return found


def _record(span: Span, service: str, resource: str, limit: int, tally: Tally) -> SpanRecord | None:
    trace_id, span_id, parent_id = span.trace_id, span.span_id, span.parent_span_id
    start, end = span.start_time_unix_nano, span.end_time_unix_nano
    if reason := _fault(trace_id, span_id, parent_id, start, end, limit):
        tally.reject(reason)
        return None
    if end < start:
        tally.change("ends-before-start")
        end = start
    found = attributes.mapping(span.attributes, tally)
    kind = span.kind
    peer_kind, peer_name = peer(kind, found)
    name = span.name
    status = span.status
    user = found.get("user.id") or found.get("enduser.id")
    state = span.trace_state
    # By position: twenty names cost a third more.
    return SpanRecord(
        trace_id,
        span_id,
        parent_id if parent_id and parent_id != NO_SPAN else None,
        service_of(found, service),
        name if len(name) <= NAME else attributes.cut(name, NAME, tally),
        kind,
        start,
        end - start,
        status.code,
        attributes.cut(status.message, MESSAGE, tally) or None,
        peer_kind,
        peer_name,
        _place(found),
        str(user)[:200] if user else None,
        weight(state) if "ot=" in state else 1.0,
        attributes.as_json(found, tally),
        _events(span.events, tally) if span.events else None,
        _links(span.links, tally) if span.links else None,
        resource,
    )


def _fault(
    trace_id: bytes, span_id: bytes, parent_id: bytes, start: int, end: int, limit: int
) -> str | None:
    if len(trace_id) != 16 or len(span_id) != 8 or len(parent_id) not in (0, 8):
        return "wrong-id-length"
    if trace_id == NO_TRACE or span_id == NO_SPAN:
        return "zero-id"
    if start > limit or end > limit:
        return "from-the-future"
    if start == 0:
        return "without-time"
    return None


def _place(found: Mapping[str, Any]) -> str | None:
    path = found.get("code.file.path") or found.get("code.filepath")
    if not path:
        return None
    line = found.get("code.line.number") or found.get("code.lineno")
    return f"{path}:{line}"[:500] if line else str(path)[:500]


@lru_cache(maxsize=1024)
def weight(state: str) -> float:
    """How many spans one sampled span stands for, from the threshold in its `tracestate`.

    `ot=th:c` rejects below 0xc0000000000000 of 2^56 random values, so it keeps one of four. See
    OpenTelemetry's "TraceState: Probability Sampling".
    """
    for member in state.split(","):
        key, _, value = member.strip().partition("=")
        if key != "ot":
            continue
        for part in value.split(";"):
            name, _, digits = part.partition(":")
            if name == "th" and 0 < len(digits) <= 14:
                try:
                    threshold = int(digits.ljust(14, "0"), 16)
                except ValueError:
                    return 1.0
                return float(2**56 / (2**56 - threshold))
    return 1.0


def _events(events: Sequence[Span.Event], tally: Tally) -> str:
    if len(events) > TOGETHER:
        tally.change("events-cut", len(events) - TOGETHER)
    listed = [
        [
            event.time_unix_nano,
            attributes.cut(event.name, NAME, tally),
            msgspec.Raw(attributes.as_json(attributes.mapping(event.attributes, tally), tally)),
        ]
        for event in events[:TOGETHER]
    ]
    return msgspec.json.encode(listed).decode()


def _links(links: Sequence[Span.Link], tally: Tally) -> str:
    if len(links) > TOGETHER:
        tally.change("links-cut", len(links) - TOGETHER)
    listed = []
    for link in links[:TOGETHER]:
        if len(link.trace_id) != 16 or len(link.span_id) != 8:
            tally.change("links-cut")
            continue
        named = attributes.as_json(attributes.mapping(link.attributes, tally), tally)
        listed.append([link.trace_id.hex(), link.span_id.hex(), msgspec.Raw(named)])
    return msgspec.json.encode(listed).decode()
