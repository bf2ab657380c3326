"""Which new traces are kept: a share of them, by their ids, so that every program decides alike."""

from __future__ import annotations

__all__ = ["bound_of"]


def bound_of(ratio: float) -> str:
    """What the last 16 digits of a trace's id are below, as text, if it is of the share `ratio`,
    from 0 to 1.

    The rule is TraceIdRatioBased of OpenTelemetry's SDKs
    (https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased).
    """
    bound = round(ratio * 2**64)
    return f"{bound:016x}" if bound < 2**64 else "g"  # above every digit
