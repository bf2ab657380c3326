"""Joins the parts of telemetry when Django starts: the tracer, what feeds the exporter, signals."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from ramet.placement import Here
from ramet.telemetry import (
    buffering,
    encoding,
    exporting,
    log_records,
    resource,
    sql,
    tasks,
    tracing,
)
from ramet.telemetry.exporting import Signal
from ramet.telemetry.metrics import database as database  # it registers
from ramet.telemetry.metrics import instruments, pools, reporting
from ramet.telemetry.options import options

__all__ = ["start"]


def start() -> None:
    """Trace from now on, if anybody wants to know. May be called again after a change of them."""
    chosen = options()
    tracing.set_up(is_exported=chosen.url is not None, ratio=chosen.sample, slow=chosen.slow)
    exporting.feed(_spans)
    log_records.attach()
    exporting.feed(reporting.counted)
    instruments.use_traces(tracing.kept_trace)
    tasks.observe()
    pools.observe()
    if tracing.is_on():
        sql.observe()


def _spans() -> Iterable[tuple[Signal, bytes]]:
    spans = buffering.drain()
    if not spans:
        return
    # Asked for each time: a fork has another instance, and a role that it learns late.
    about = resource.encoded()
    place = getattr(settings, "RAMET", None)
    is_shared = isinstance(place, Here) and len(place.services) > 1
    for payload in encoding.encode(spans, about, with_service=is_shared):
        yield "traces", payload
