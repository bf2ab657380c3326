"""An event counts when source, type and the way in agree with the service that declares it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from ramet.events.brokers import SentAs
from ramet.events.cloudevents import Envelope
from ramet.events.producers import why_not_its_producer
from ramet.events.surroundings import Surroundings


class Shop(Surroundings):
    """orders owns shop.orders, payments shop.payments, nobody anything else."""

    system = "shop"  # type: ignore[assignment]

    def service_of(self, module: str) -> str | None:
        return {"shop.orders": "orders", "shop.payments": "payments"}.get(module)


SHOP = Shop(None)
PLACED = Envelope(
    id=uuid4(),
    type="shop.orders.OrderPlaced.v1",
    source="/shop/orders",
    key="a",
    time=datetime.now(UTC),
    payload="{}",
    headers={},
)


@pytest.mark.parametrize(
    "sent_as",
    [SentAs(), SentAs("orders", "OrderPlaced.v1"), SentAs(type="shop.orders.OrderPlaced.v1")],
    ids=["a broker that says nothing", "NATS", "RabbitMQ"],
)
def test_the_producers_own_event_is_believed(sent_as: SentAs) -> None:
    assert why_not_its_producer(PLACED, sent_as, SHOP) is None


@pytest.mark.parametrize(
    ("source", "sent_as", "told"),
    [
        ("/shop/payments", SentAs(), "shop.orders belongs to orders"),
        ("/other/orders", SentAs(), "shop.orders belongs to orders"),
        ("orders", SentAs(), "shop.orders belongs to orders"),
        ("/shop/orders", SentAs("payments", "OrderPlaced.v1"), "payments sent it"),
        ("/shop/orders", SentAs("orders", "OrderCancelled.v1"), "OrderCancelled.v1"),
        ("/shop/orders", SentAs("orders", "OrderPlaced.v2"), "OrderPlaced.v2"),
        ("/shop/orders", SentAs("orders", "Placed.v1"), "Placed.v1"),
        ("/shop/orders", SentAs(type="shop.payments.Paid.v1"), "shop.payments.Paid.v1"),
    ],
)
def test_what_does_not_agree_is_told(source: str, sent_as: SentAs, told: str) -> None:
    why = why_not_its_producer(replace(PLACED, source=source), sent_as, SHOP)
    assert why is not None
    assert told in why


def test_of_an_app_that_no_service_owns_the_way_in_still_has_to_agree() -> None:
    shared = replace(PLACED, type="shop.common.Ticked.v1", source="/shop/orders")
    assert why_not_its_producer(shared, SentAs("orders", "Ticked.v1"), SHOP) is None
    assert why_not_its_producer(shared, SentAs("payments", "Ticked.v1"), SHOP) is not None
