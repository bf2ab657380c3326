"""Joins the parts of telemetry when Django starts: the tracer, what feeds the exporter, signals."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from ramet.placement import Here
from ramet.telemetry import buffering, encoding, exporting, resource, tracing
from ramet.telemetry.exporting import Signal
from ramet.telemetry.metrics import reporting
from ramet.telemetry.options import options

__all__ = ["start"]

LARGEST_BATCH = 2_000
"""Spans of one request to the collector."""


def start() -> None:
    """Trace from now on, if anybody wants to know. May be called again after a change of them."""
    chosen = options()
    tracing.set_up(is_exported=chosen.url is not None, ratio=chosen.sample, slow=chosen.slow)
    exporting.feed(_spans)
    exporting.feed(reporting.counted)


def _spans() -> Iterable[tuple[Signal, bytes]]:
    spans = buffering.drain()
    if not spans:
        return
    # Asked for each time: a fork has another instance, and a role that it learns late.
    about = resource.encoded()
    place = getattr(settings, "RAMET", None)
    is_shared = isinstance(place, Here) and len(place.services) > 1
    for begin in range(0, len(spans), LARGEST_BATCH):
        batch = spans[begin : begin + LARGEST_BATCH]
        yield "traces", encoding.encode(batch, about, with_service=is_shared)
