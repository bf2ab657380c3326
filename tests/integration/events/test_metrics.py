"""What happens to events is counted once, as it became of them."""

from collections.abc import Iterator

import pytest
from django.db import transaction

import ramet
from ramet.events.brokers.shared_database import move
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.events.surroundings import surroundings
from ramet.telemetry.metrics import instruments
from ramet.telemetry.metrics.prometheus import own_series
from tests.integration.events.parcels.events import Moved

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _from_nought() -> Iterator[None]:
    instruments.use_folder(None, "test")
    yield
    instruments.use_folder(None, "test")


def counted() -> dict[tuple[str, ...], float]:
    """By name and values: a counter's number, or how often a histogram was added to."""
    found = {}
    for each in own_series():
        bounds = len(each.declaration.bounds)
        number = sum(each.numbers[1 : bounds + 2]) if bounds else each.numbers[0]
        if each.declaration.name.startswith("ramet.events."):
            found[each.declaration.name.removeprefix("ramet.events."), *each.values] = number
    return found


def publish(parcel: str, number: int) -> None:
    with transaction.atomic():
        ramet.publish(Moved(parcel=parcel, number=number))


def settle(handler: str) -> None:
    heads = Heads([handler])
    while move(surroundings()) or work_off_one(heads) == 0:
        pass


def test_from_publisher_to_handler_each_event_is_counted_once() -> None:
    name = ramet.events.declaration.type_of(Moved).name

    @ramet.subscribe(Moved, name="tracker")
    def track(event: Moved) -> None:
        pass

    publish("a", 1)
    publish("b", 1)
    with transaction.atomic():
        ramet.publish(Moved(parcel="c", number=1))
        transaction.set_rollback(True)
    settle("tracker")
    assert counted() == {
        ("published", name): 2,
        ("sent", name): 2,
        ("handler.duration", "tracker", name, "done"): 2,
    }


def test_failures_are_told_from_the_end_of_all_attempts() -> None:
    name = ramet.events.declaration.type_of(Moved).name

    @ramet.subscribe(Moved, name="broken", attempts=1)
    def fail(event: Moved) -> None:
        raise RuntimeError("no")

    @ramet.subscribe(Moved, name="unlucky", attempts=5)
    def fail_once(event: Moved) -> None:
        raise RuntimeError("not now")

    publish("a", 1)
    settle("broken")
    settle("unlucky")
    found = counted()
    assert found["handler.duration", "broken", name, "dead"] == 1
    assert found["handler.duration", "unlucky", name, "failed"] == 1
    assert ("handler.duration", "broken", name, "failed") not in found
