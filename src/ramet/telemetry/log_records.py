"""Log lines as OTLP, whoever wrote them: kept by a handler of the standard library's logging.

A line is made plain and put away where it is written; the exporter's thread looks for secrets in
its text and encodes it. The messages are those of opentelemetry/proto/logs/v1/logs.proto.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from time import time_ns
from typing import Any

from opentelemetry import trace
from structlog.contextvars import get_contextvars

from ramet.telemetry import exporting, paths, resource, wire
from ramet.telemetry.exporting import Signal
from ramet.telemetry.failures import described, error_of
from ramet.telemetry.redaction import redact_field, redact_text, request_types
from ramet.telemetry.refused_rows import without_values
from ramet.telemetry.spans import Span, told_by

__all__ = ["attach", "dropped"]

LARGEST_BUFFER = 5_000
"""Lines that wait to be encoded, at most; what comes then is dropped and counted."""

_OF_A_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OF_STRUCTLOG = frozenset({"event", "level", "time", "timestamp", "logger", "exc_info"})
_OF_STRUCTLOG |= {"trace_id", "span_id", "role", "_record", "_from_structlog", "stack_info"}
# Severities of the data model, https://opentelemetry.io/docs/specs/otel/logs/data-model/.
_SEVERITIES = ((50, 21), (40, 17), (30, 13), (20, 9), (10, 5), (0, 1))


@dataclass(slots=True)
class Line:
    """One log line, with nothing in it that may change until it is encoded."""

    time: int
    level: int
    level_name: str
    text: str
    logger: str
    trace_id: str
    span_id: str
    fields: dict[str, Any]


def attach() -> None:
    """Keep what reaches the root logger from now on, where telemetry goes anywhere."""
    root = logging.getLogger()
    for former in root.handlers[:]:
        if isinstance(former, _Handler):
            root.removeHandler(former)
    if exporting.is_on():
        root.addHandler(_Handler())
        exporting.feed(_lines)


def dropped() -> int:
    """How many lines did not fit since the start of this process."""
    return _dropped


class _Handler(logging.Handler):
    """Puts lines away for the exporter."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            _put(_line(record))
        except Exception:  # noqa: BLE001 - as every handler of logging: told, never raised
            self.handleError(record)


def _line(record: logging.LogRecord) -> Line:
    if isinstance(record.msg, dict):  # structlog's own, which has its context already
        given, text = record.msg, str(record.msg.get("event", ""))
        fields = {name: value for name, value in given.items() if name not in _OF_STRUCTLOG}
        failure = given.get("exc_info") or record.exc_info
    else:
        text, failure = record.getMessage(), record.exc_info
        own = {key: each for key, each in vars(record).items() if key not in _OF_A_RECORD}
        fields = get_contextvars() | own
    about: Any = fields.get("request")
    if isinstance(about, request_types()):
        text = paths.masked_in(text, about)
    trace_id, span_id, service = _current()
    if service is not None:
        fields.setdefault("ramet.service", service)
    error = error_of(failure)
    if error is not None:
        text = without_values(text, error)
        fields = {
            name: without_values(value, error) if isinstance(value, str) else value
            for name, value in fields.items()
        }
    plain = {name: _plain(redact_field(name, _cut(value))) for name, value in fields.items()}
    if error is not None:
        plain |= described(error)
    return Line(
        time=round(record.created * 1e9),
        level=record.levelno,
        level_name=record.levelname,
        text=_cut(text),
        logger=record.name,
        trace_id=trace_id,
        span_id=span_id,
        fields=plain,
    )


def _cut(value: Any) -> Any:
    """Not more of a text than will be sent: thousands of lines wait, and one may have megabytes."""
    return value[: wire.LARGEST_TEXT] if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """Nothing that may change, or keep something alive, until it is encoded."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return redact_text(str(value))


def _current() -> tuple[str, str, str | None]:
    span: Any = trace.get_current_span()
    if type(span) is Span:
        return span.trace_id, span.span_id, span.service
    told = told_by(span)
    return ("", "", None) if told is None else (told.trace_id, told.span_id, None)


_buffer: deque[Line] = deque()
_dropped = 0


def _put(line: Line) -> None:
    global _dropped
    if len(_buffer) >= LARGEST_BUFFER:
        _dropped += 1
        return
    _buffer.append(line)
    exporting.wake()


def _lines() -> Iterable[tuple[Signal, bytes]]:
    records: list[bytes] = []
    size = 0
    for _ in range(len(_buffer)):
        line = _buffer.popleft()
        try:
            records.append(wire.chunk(2, _encode(line)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are sent
            exporting.drop("logs", line.logger, error)
            continue
        size += len(records[-1])
        if size >= exporting.LARGEST_PAYLOAD:
            yield "logs", _request(records)
            records, size = [], 0
    if records:
        yield "logs", _request(records)


def _request(records: list[bytes]) -> bytes:
    scope = wire.chunk(2, wire.chunk(1, wire.text(1, "ramet.logs")) + b"".join(records))
    return wire.chunk(1, wire.chunk(1, resource.encoded()) + scope)


def _encode(line: Line) -> bytes:
    severity = next(number for least, number in _SEVERITIES if line.level >= least)
    fields = {"logger": line.logger} | {
        key: redact_text(value) if isinstance(value, str) else value
        for key, value in line.fields.items()
    }
    return b"".join(
        [
            wire.fixed64(1, line.time),
            b"\x10" + wire.varint(severity),
            wire.text(3, line.level_name),
            wire.chunk(5, wire.value(redact_text(line.text))),
            wire.attributes(6, fields),
            wire.chunk(9, bytes.fromhex(line.trace_id)),
            wire.chunk(10, bytes.fromhex(line.span_id)),
            wire.fixed64(11, time_ns()),
        ]
    )


def _forget() -> None:
    """After a fork: what waits is the parent's to send."""
    global _dropped
    _buffer.clear()
    _dropped = 0


os.register_at_fork(after_in_child=_forget)
