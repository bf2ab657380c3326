"""Events that a service says in another's name: on the running shop, with stolen credentials."""

import asyncio
import json
import uuid
from typing import Any

import nats
import nats.errors
import pytest

from tests.acceptance.running_shop import RunningShop
from tests.conftest import eventually

pytestmark = pytest.mark.parametrize("shop", ["services"], indirect=True)  # else there is no broker


def urls(shop: RunningShop) -> dict[str, str]:
    """What somebody has who can read the environment of a service's process."""
    found: dict[str, str] = shop.state()["brokers"]
    return found


def confirmed(order: str, customer: str, **attributes: str) -> bytes:
    """An event of orders that makes users write to a customer."""
    event = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/shop/orders",
        "type": "shop.orders.OrderConfirmed.v1",
        "time": "2026-01-02T10:00:00Z",
        "datacontenttype": "application/json",
        "partitionkey": order,
        "data": {
            "order_id": order,
            "customer_id": customer,
            "total": {"amount": "1.00", "currency": "EUR"},
        },
    }
    return json.dumps(event | attributes).encode()


def publish(url: str, subject: str, body: bytes) -> bool:
    """Whether the server stored it, with a client that knows nothing of Ramet."""

    async def run() -> bool:
        user = url.split("://")[1].split(":")[0]
        client = await nats.connect(url, inbox_prefix=f"_INBOX.{user}")
        try:
            await client.jetstream(timeout=3).publish(subject, body)
        except nats.errors.TimeoutError:
            return False  # what is refused is not answered
        finally:
            await client.close()
        return True

    return asyncio.run(run())


def letters(shop: RunningShop, order: str) -> list[Any]:
    return shop.sql("users", f"SELECT 1 FROM users_letter WHERE subject_id = '{order}'")


def inbox(shop: RunningShop, key: str) -> list[tuple[Any, ...]]:
    query = f"SELECT state, error FROM ramet_events_inbox WHERE key = '{key}'"
    return shop.sql("users", query)


@pytest.fixture
def alice(shop: RunningShop) -> str:
    return str(shop.sql("users", "SELECT id FROM users_user WHERE username = 'alice'")[0][0])


def test_each_service_has_a_user_of_its_own(shop: RunningShop) -> None:
    found = urls(shop)
    assert {"users", "products", "orders", "payments"} <= set(found)
    assert len(set(found.values())) == len(found)
    for name, url in found.items():
        assert url.startswith(f"nats://{name}:")


def test_the_broker_refuses_what_payments_says_in_the_name_of_orders(
    shop: RunningShop, alice: str
) -> None:
    order = str(uuid.uuid4())
    url = urls(shop)["payments"]
    assert not publish(url, "shop.events.orders.OrderConfirmed.v1", confirmed(order, alice))
    assert inbox(shop, order) == []


@pytest.mark.parametrize("source", ["/shop/orders", "/shop/payments"])
def test_what_payments_says_under_its_own_subject_has_no_effect(
    shop: RunningShop, alice: str, source: str
) -> None:
    order = str(uuid.uuid4())
    forged = confirmed(order, alice, source=source)
    # users does not even ask for this subject, nor for another type of the same one.
    assert publish(urls(shop)["payments"], "shop.events.payments.Forged.v1", forged)
    # It does for this one: a class of this name, whoever the service is.
    assert publish(urls(shop)["payments"], "shop.events.payments.OrderConfirmed.v1", forged)
    ((state, error),) = eventually(lambda: inbox(shop, order), within=30)
    assert (state, error.partition(":")[0]) == ("dead", "not from its producer")
    dead = json.loads(shop.ramet("events", "dead", "--service=users", f"--key={order}", "--json"))
    assert [letter["service"] for letter in dead] == ["users"]
    assert letters(shop, order) == []
    shop.ramet("events", "discard", "--service=users", f"--key={order}")


def test_the_shop_goes_on_and_its_own_event_is_believed(shop: RunningShop) -> None:
    order = shop.place((shop.in_stock(2)[0], 1))
    assert shop.settled(order)["status"] == "confirmed"
    eventually(lambda: letters(shop, order), within=30)
    assert [state for state, _ in inbox(shop, order)] == ["done"]
