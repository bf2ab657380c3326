"""An event's spans: one trace from what publishes it to what works it off, and after the commit."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

import ramet
from ramet.events import headers
from ramet.events.brokers.shared_database import move
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.events.models import Outbox
from ramet.events.surroundings import surroundings
from ramet.telemetry import tracing
from ramet.telemetry.spans import Shape
from tests.unit.conftest import Trace

pytestmark = pytest.mark.django_db(transaction=True)
WORK = Shape("work")
EVENTS = """
@ramet.event(version=1, key="order")
class Placed:
    order: str
"""


def test_an_event_goes_through_one_trace(traced: Trace, module: Callable[..., Any]) -> None:
    kept = traced()
    placed = module(EVENTS).Placed

    def after_commit() -> None:
        with tracing.work(Shape("after commit")):
            pass

    @ramet.subscribe(placed)
    def handler(event: object) -> None:
        transaction.on_commit(after_commit)

    with tracing.work(WORK), transaction.atomic():
        (event_id,) = ramet.publish(placed(order="o-1"))
    stored = headers.loaded(Outbox.objects.get().headers)
    assert move(surroundings()) == 1
    name = f"{handler.__module__}.{handler.__qualname__}"
    assert work_off_one(Heads([name])) == 0

    spans = {span.name.partition(" ")[0]: span for span in kept()}
    publish, send, process = spans["publish"], spans["send"], spans["process"]
    assert stored["traceparent"] == f"00-{publish.trace_id}-{publish.span_id}-01"
    assert publish.parent_id == spans["work"].span_id
    for later in (send, process):
        assert later.parent_id == publish.span_id
        assert later.links == [(publish.trace_id, publish.span_id)]
    assert [span.kind for span in (publish, send, process)] == [4, 4, 5]
    for span in (publish, send, process):
        assert span.attributes["messaging.message.id"] == str(event_id)
        assert span.attributes["ramet.event.key"] == "o-1"
        assert span.attributes["messaging.destination.name"].endswith("Placed.v1")
    assert process.attributes["ramet.handler"] == name
    assert process.attributes["ramet.attempt"] == 1
    assert spans["after"].parent_id == process.span_id


def test_a_handler_that_fails_is_an_error_whatever_was_sampled(
    traced: Trace, module: Callable[..., Any]
) -> None:
    kept = traced(sample=0)
    placed = module(EVENTS).Placed

    @ramet.subscribe(placed)
    def handler(event: object) -> None:
        raise ValueError("no paper")

    with transaction.atomic():
        ramet.publish(placed(order="o-1"))
    assert move(surroundings()) == 1
    assert work_off_one(Heads([f"{handler.__module__}.{handler.__qualname__}"]))
    (process,) = kept()
    assert process.is_error
    assert process.events[0][1]["exception.message"] == "no paper"
