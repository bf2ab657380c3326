"""A span for each attempt of a step, in the trace of whoever started the run."""

import uuid
from collections.abc import Callable

import pytest
from django.db import transaction

from ramet.calls import Unavailable
from ramet.telemetry import tracing
from ramet.telemetry.spans import Shape
from tests.unit.conftest import Trace
from tests.unit.sagas.examples import OutOfStock, Trip, script

pytestmark = pytest.mark.django_db
Settle = Callable[[], None]


def test_steps_are_spans_of_the_trace_that_started_the_run(traced: Trace, settle: Settle) -> None:
    kept = traced()
    with tracing.work(Shape("work")), transaction.atomic():
        run_id = Trip.start(traveller=uuid.uuid4())
    settle()
    spans = [span for span in kept() if not span.name.startswith(("SELECT", "INSERT", "UPDATE"))]
    work, *steps = spans
    assert [span.name for span in steps] == [
        f"Trip.{step}" for step in ("open", "reserve", "look", "pay", "decide", "send")
    ]
    for span in steps:
        assert span.parent_id == work.span_id
        assert span.links == [(work.trace_id, work.span_id)]
        assert span.attributes["ramet.saga_id"] == str(run_id)
        assert (span.attributes["ramet.attempt"], span.attributes["ramet.compensation"]) == (
            1,
            False,
        )
        assert not span.is_error


def test_each_attempt_and_each_undo_is_a_span(traced: Trace, settle: Settle) -> None:
    kept = traced()
    script["reserve"] = [Unavailable("away")]
    script["pay"] = [OutOfStock(sku="x")]
    with tracing.work(Shape("work")), transaction.atomic():
        Trip.start(traveller=uuid.uuid4())
    settle()
    spans = [span for span in kept() if span.name.startswith("Trip.")]
    told = [(span.attributes["ramet.step"], span.attributes["ramet.attempt"]) for span in spans]
    assert told[1:3] == [("reserve", 1), ("reserve", 2)]
    assert [span.is_error for span in spans[:3]] == [False, True, False]
    assert [span for span in spans if span.attributes["ramet.compensation"]]
    refused = next(span for span in spans if span.attributes["ramet.step"] == "pay")
    assert not refused.is_error
