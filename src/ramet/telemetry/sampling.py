"""Which new traces are kept: a share of them, by their ids, so that every program decides alike."""

from __future__ import annotations

__all__ = ["COMPARED", "bound_of"]

COMPARED = 2**64 - 1
"""The bits of a trace's id, a number of 128, that are compared with the bound."""


def bound_of(ratio: float) -> int:
    """What the last 8 bytes of a trace's id are below, if it is of the share `ratio`, from 0 to 1.

    The rule is TraceIdRatioBased of OpenTelemetry's SDKs
    (https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased).
    """
    return round(ratio * 2**64)
