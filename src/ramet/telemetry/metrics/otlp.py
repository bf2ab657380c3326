"""Metrics as OTLP: cumulative since the process began, and gauges as they are.

The messages are those of opentelemetry/proto/metrics/v1/metrics.proto, whose field numbers stand
here (https://opentelemetry.io/docs/specs/otel/metrics/data-model/).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from ramet.telemetry import wire
from ramet.telemetry.metrics.declaring import Declaration
from ramet.telemetry.metrics.shared import Series
from ramet.telemetry.metrics.sources import Reading

__all__ = ["encode_readings", "encode_series"]

_SCOPE = wire.chunk(1, wire.text(1, "ramet"))
_CUMULATIVE = b"\x10\x02"  # aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
_MONOTONIC = b"\x18\x01"


def encode_series(series: Iterable[Series], resource: bytes, started: int, now: int) -> bytes:
    """An `ExportMetricsServiceRequest` of what this process counted from `started` until `now`,
    both nanoseconds since the epoch. `resource` is an encoded Resource."""
    by_declaration: dict[Declaration, list[Series]] = {}
    for each in series:
        by_declaration.setdefault(each.declaration, []).append(each)
    return _request(
        resource,
        [_counted(declaration, of, started, now) for declaration, of in by_declaration.items()],
    )


def encode_readings(readings: Iterable[Reading], resource: bytes, now: int) -> bytes:
    """The same of gauges that were read at `now`."""
    return _request(
        resource,
        [
            _metric(
                each.declaration,
                5,
                b"".join(
                    wire.chunk(1, _number(each.declaration, values, value, b"", now))
                    for values, value in each.samples
                ),
            )
            for each in readings
            if each.samples
        ],
    )


def _request(resource: bytes, metrics: Sequence[bytes]) -> bytes:
    scope = _SCOPE + b"".join(wire.chunk(2, metric) for metric in metrics)
    return wire.chunk(1, wire.chunk(1, resource) + wire.chunk(2, scope))


def _metric(declaration: Declaration, field: int, content: bytes) -> bytes:
    return (
        wire.text(1, declaration.name)
        + wire.text(2, declaration.text)
        + wire.text(3, declaration.unit)
        + wire.chunk(field, content)
    )


def _counted(declaration: Declaration, series: list[Series], started: int, now: int) -> bytes:
    since = wire.fixed64(2, started)
    if declaration.kind == "histogram":
        points = [wire.chunk(1, _distribution(each, since, now)) for each in series]
        return _metric(declaration, 9, b"".join(points) + _CUMULATIVE)
    points = [
        wire.chunk(1, _number(declaration, each.values, each.numbers[0], since, now))
        for each in series
    ]
    if declaration.kind == "level":
        return _metric(declaration, 5, b"".join(points))
    return _metric(declaration, 7, b"".join(points) + _CUMULATIVE + _MONOTONIC)


def _number(
    declaration: Declaration, values: tuple[str, ...], value: float, since: bytes, now: int
) -> bytes:
    said = wire.attributes(7, zip(declaration.attributes, values, strict=True))
    return since + wire.fixed64(3, now) + wire.double(4, value) + said


def _distribution(series: Series, since: bytes, now: int) -> bytes:
    declaration = series.declaration
    bounds = declaration.bounds
    total, *rest = series.numbers
    counts, (slowest, at) = rest[: len(bounds) + 1], rest[len(bounds) + 1 :][:2]
    content = (
        since
        + wire.fixed64(3, now)
        + wire.fixed64(4, round(sum(counts)))
        + wire.double(5, total)
        + wire.chunk(6, struct.pack(f"<{len(counts)}Q", *map(round, counts)))
        + wire.chunk(7, struct.pack(f"<{len(bounds)}d", *bounds))
        + wire.attributes(9, zip(declaration.attributes, series.values, strict=True))
    )
    if series.exemplar:
        exemplar = wire.fixed64(2, round(at * 1e9)) + wire.double(3, slowest)
        content += wire.chunk(8, exemplar + wire.chunk(5, bytes.fromhex(series.exemplar)))
    return content
