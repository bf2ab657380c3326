"""Which new traces are kept: a share of them, by their ids, so that every program decides alike."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["by_ratio"]


def by_ratio(ratio: float) -> Callable[[bytes], bool]:
    """Whether a trace with this id is of the share `ratio`, from 0 to 1.

    The rule is TraceIdRatioBased of OpenTelemetry's SDKs, which look at the last 8 bytes
    (https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased).
    """
    if ratio in (0, 1):
        return lambda trace_id: ratio == 1
    bound = round(ratio * 2**64)
    return lambda trace_id: int.from_bytes(trace_id[8:], "big") < bound
