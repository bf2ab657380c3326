"""Spans, logs and points as the decoder makes them, with only what a test is about."""

import json
import os
import time
from itertools import count
from typing import Any

from ramet.tools.dashboard.store import Batch, LogRecord, PointRecord, SeriesKey, SpanRecord

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
MS = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND

_numbers = count(1)


def trace_id() -> bytes:
    return os.urandom(16)


def span_id() -> bytes:
    return next(_numbers).to_bytes(8, "big")


def span(trace: bytes | None = None, parent: SpanRecord | None = None, **given: Any) -> SpanRecord:
    """A server span of `orders` that began now and took 10 ms; within `parent`, of its service."""
    attributes = given.pop("attributes", {})
    resource = given.pop("resource", None)
    service = given.get("service", parent.service if parent else "orders")
    values: dict[str, Any] = {
        "trace_id": trace or (parent.trace_id if parent else trace_id()),
        "span_id": span_id(),
        "parent_id": parent.span_id if parent else None,
        "service": service,
        "name": "GET /api/v1/orders/",
        "kind": SERVER if parent is None else INTERNAL,
        "start": parent.start if parent else time.time_ns(),
        "duration": 10 * MS,
        "status": 0,
        "message": None,
        "peer_kind": None,
        "peer": None,
        "place": None,
        "user": None,
        "weight": 1.0,
        "attributes": json.dumps(attributes, separators=(",", ":")),
        "events": None,
        "links": None,
        "resource": json.dumps(resource or {"service.name": service}),
    }
    return SpanRecord(**values | given)


def log(text: str = "hello", **given: Any) -> LogRecord:
    values: dict[str, Any] = {
        "time": time.time_ns(),
        "service": "orders",
        "severity": 9,
        "body": text,
        "trace_id": None,
        "span_id": None,
        "attributes": "{}",
        "resource": "{}",
    }
    return LogRecord(**values | given)


def point(moment: int, value: float = 1.0, labels: dict[str, str] | None = None, **given: Any):
    """A point of the gauge `pool.size` of `orders`; `number` and `buckets` for a histogram."""
    number, buckets = given.pop("number", None), given.pop("buckets", None)
    values: dict[str, Any] = {
        "service": "orders",
        "name": "pool.size",
        "kind": "gauge",
        "cumulative": False,
        "unit": "",
        "description": "",
        "attributes": json.dumps(labels or {}),
        "resource": "{}",
    }
    return PointRecord(SeriesKey(**values | given), moment, value, number, buckets)


def write(store: Any, *items: Any) -> None:
    """Add spans, logs and points as one batch, and wait until they are written."""
    batch = Batch()
    for item in items:
        kept = {SpanRecord: batch.spans, LogRecord: batch.logs, PointRecord: batch.points}
        kept[type(item)].append(item)
    store.add(batch)
    assert store.flush()
