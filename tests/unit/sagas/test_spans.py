"""A span for each attempt of a step, in the trace of whoever started the run."""

import uuid
from collections.abc import Callable

import pytest
from django.db import transaction

from ramet.calls import Unavailable
from ramet.sagas.engine import run_due
from ramet.telemetry import tracing
from ramet.telemetry.spans import Shape
from tests.otlp import SpanRow
from tests.unit.conftest import Trace
from tests.unit.sagas.examples import OutOfStock, Trip, script
from tests.unit.sagas.test_waiting import Approval, Reminder, let_time_pass, reply

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


def in_the_trace_of(work: SpanRow, spans: list[SpanRow]) -> list[SpanRow]:
    """The saga's own ones, each a child of `work` that is linked to it."""
    own = [span for span in spans if "ramet.saga" in span.attributes]
    for span in own:
        assert (span.trace_id, span.parent_id) == (work.trace_id, work.span_id)
        assert span.links == [(work.trace_id, work.span_id)]
    return own


def test_a_timer_goes_on_with_the_trace_that_set_it(traced: Trace) -> None:
    """Whatever the process does in between, which is another one by then, after a restart."""
    kept = traced()
    with tracing.work(Shape("work")), transaction.atomic():
        run_id = Reminder.start()
    run_due("test")
    with tracing.work(Shape("something else")):
        let_time_pass(run_id)
        run_due("test")
    work, *spans = kept()
    waits, rings = in_the_trace_of(work, spans)
    assert [waits.name, rings.name] == ["Reminder.remind waits", "Reminder.remind"]
    assert waits.attributes["ramet.wait_seconds"] == 2 * 60 * 60
    assert rings.attributes["ramet.waited_for"] == "timed_out"


def test_a_reply_of_another_trace_lets_the_run_go_on_in_its_own(traced: Trace) -> None:
    kept = traced()
    order = uuid.uuid4()
    with tracing.work(Shape("work")), transaction.atomic():
        Approval.start(order=order)
    run_due("test")
    with tracing.work(Shape("something else")):
        assert reply(order)
        run_due("test")
    work, *spans = kept()
    ask, waits, answered, decide = in_the_trace_of(work, spans)
    assert [waits.name, answered.name] == ["Approval.answered waits", "Approval.answered"]
    assert answered.attributes["ramet.waited_for"] == "replied"
    assert "ramet.waited_for" not in ask.attributes | decide.attributes
