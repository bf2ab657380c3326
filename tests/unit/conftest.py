"""A collector for spans and logs of this process."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ramet.telemetry import buffering, exporting, log_records, starting
from tests.otlp import Collector, SpanRow, collector

Trace = Callable[..., Callable[[], list[SpanRow]]]


@pytest.fixture
def traced(settings: Any) -> Iterator[Trace]:
    """`traced(sample=1.0)` traces from now on; what it returns flushes and gives the spans."""
    with collector() as it:

        def begin(**options: Any) -> Callable[[], list[SpanRow]]:
            settings.RAMET_TELEMETRY = {"url": it.url, **options}
            starting.start()
            return lambda: _spans(it)

        yield begin
        exporting.flush(5)
    buffering._forget()
    log_records._forget()
    exporting._forget()
    settings.RAMET_TELEMETRY = {}
    starting.start()


def _spans(it: Collector) -> list[SpanRow]:
    assert exporting.flush(10)
    return sorted(it.spans(), key=lambda span: span.start)
