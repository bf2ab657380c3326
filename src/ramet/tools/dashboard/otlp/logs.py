"""Log records of OTLP as rows."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1 import logs_pb2

from ramet.tools.dashboard.otlp import attributes
from ramet.tools.dashboard.otlp.resources import Group, described, service_of
from ramet.tools.dashboard.otlp.tally import Tally
from ramet.tools.dashboard.otlp.times import latest
from ramet.tools.dashboard.store import LogRecord

__all__ = ["records"]

BODY = 32_768
"""Characters of a log's text."""


def records(groups: Iterable[Group[logs_pb2.LogRecord]], tally: Tally) -> list[LogRecord]:
    """Every log record that can be kept; the others are counted."""
    found: list[LogRecord] = []
    now, limit = time.time_ns(), latest()
    for group in groups:
        service, resource = described(group.resource, tally)
        for log in group.items:
            record = _record(log, service, resource, now, limit, tally)
            if record is not None:
                found.append(record)
    return found


def _record(
    log: logs_pb2.LogRecord, service: str, resource: str, now: int, limit: int, tally: Tally
) -> LogRecord | None:
    moment = log.time_unix_nano or log.observed_time_unix_nano or now
    if moment > limit:
        tally.reject("from-the-future")
        return None
    if len(log.trace_id) not in (0, 16) or len(log.span_id) not in (0, 8):
        tally.reject("wrong-id-length")
        return None
    found = attributes.mapping(log.attributes, tally)
    # An id of zeros says "no trace", see the data model of logs.
    traced = any(log.trace_id)
    return LogRecord(
        moment,
        service_of(found, service),
        log.severity_number if 0 < log.severity_number <= 24 else 0,
        _text(log.body, log.event_name, tally),
        log.trace_id if traced else None,
        log.span_id if traced and any(log.span_id) else None,
        attributes.as_json(found, tally),
        resource,
    )


def _text(body: AnyValue, event: str, tally: Tally) -> str:
    if text := body.string_value:
        return attributes.cut(text, BODY, tally)
    value = attributes.plain(body, tally)
    if value is None or value == "":
        return attributes.cut(event, BODY, tally)
    return attributes.cut(msgspec.json.encode(value).decode(), BODY, tally)
