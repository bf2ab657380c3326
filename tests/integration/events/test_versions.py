"""A rolling deploy on the real engines: a newer version than the handler's code knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

import ramet
from ramet.events import declaration, subscription
from ramet.events.brokers.shared_database import Mover
from ramet.events.inbox import inbox_loops
from ramet.events.leases import Leases
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.subscription import subscription_of
from ramet.events.surroundings import surroundings
from ramet.events.worker import Loop, Worker
from tests.integration.events.conftest import Brokers, count, effects, have_effect

pytestmark = pytest.mark.usefixtures("database")

OLDER = """
@ramet.event(version=1, key="parcel")
class Weighed:
    parcel: str
    grams: int
"""
NEWER = """
def in_kilograms(old):
    return {"parcel": old["parcel"], "kilograms": old["grams"] // 1000}

@ramet.event(version=2, key="parcel", upcasts={1: in_kilograms})
class Weighed:
    parcel: str
    kilograms: int
"""


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], type[Any]]:
    """Put this code in the place of the former; its handler has the number as effect."""
    monkeypatch.setattr(declaration, "_declared", {})

    def put(source: str) -> type[Any]:
        declaration._declared.clear()
        subscription._subscriptions.clear()
        made: dict[str, Any] = {
            "ramet": ramet,
            "__name__": "tests.integration.events.parcels.events",
        }
        exec(compile(source, "events", "exec", dont_inherit=True), made)

        @ramet.subscribe(made["Weighed"], name="scales")
        def weigh(event: Any) -> None:
            have_effect(event.parcel, getattr(event, "grams", 0) or event.kilograms, "scales")

        weighed: type[Any] = made["Weighed"]
        return weighed

    return put


def publish(event: object) -> None:
    with transaction.atomic():
        ramet.publish(event)


def over_broker(brokers: Brokers) -> list[Loop]:
    (wanted,) = subscription.subscriptions()
    return [
        Relay(brokers(), Leases("one", 15), surroundings()),
        Receiver("weighing", [wanted], brokers(), Leases("one", 15)),
    ]


@pytest.mark.parametrize("way", ["broker", "shared database"])
def test_a_newer_version_is_held_with_its_key_and_worked_off_in_order_after_the_deploy(
    way: str,
    deploy: Callable[[str], type[Any]],
    brokers: Brokers,
    working: Callable[..., Worker],
    eventually: Callable[..., Any],
) -> None:
    def start() -> Worker:
        between = over_broker(brokers) if way == "broker" else [Mover(surroundings())]
        return working(*between, *inbox_loops(["scales"], 2))

    weighed = deploy(NEWER)
    publish(weighed(parcel="a", kilograms=1))
    weighed = deploy(OLDER)
    publish(weighed(parcel="a", grams=2000))
    publish(weighed(parcel="b", grams=3000))
    former = start()
    eventually(lambda: effects() == [("b", 3000)])
    eventually(lambda: count("inbox") == 3 and count("outbox") == 0)
    assert count("inbox", "state = 'ready' AND attempts = 0") == 2
    deploy(NEWER)
    start()  # beside the former one, as while workers are replaced
    eventually(lambda: count("inbox", "state = 'done'") == 3)
    assert effects() == [("b", 3000), ("a", 1), ("a", 2)]
    former.stop(5)
    assert subscription_of("scales") is not None
