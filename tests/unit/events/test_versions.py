"""Versions of an event: how an older one is read, and what becomes of one that nobody here knows.

Two generations of one service's code share the database, as during a rolling deploy.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

import ramet
from ramet.errors import DiagnosticError
from ramet.events import declaration, subscription
from ramet.events.brokers.shared_database import move
from ramet.events.declaration import declared, family_and_version, type_of
from ramet.events.errors import InvalidEvent
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.events.models import Inbox, Outbox
from ramet.events.surroundings import surroundings

Module = Callable[..., Any]

V1 = """
    @ramet.event(version=1, key="order_id")
    class OrderPlaced:
        order_id: str
        total: str
"""
V2 = """
    def with_amount(old: dict[str, Any]) -> dict[str, Any]:
        amount, currency = old.pop("total").split()
        return old | {"amount": amount, "currency": currency}

    @ramet.event(version=2, key="order_id", upcasts={1: with_amount})
    class OrderPlaced:
        order_id: str
        amount: Decimal
        currency: str
"""
V3 = """
    def with_amount(old: dict[str, Any]) -> dict[str, Any]:
        amount, currency = old.pop("total").split()
        return old | {"amount": amount, "currency": currency}

    def with_channel(old: dict[str, Any]) -> dict[str, Any]:
        return old | {"channel": "web"}

    @ramet.event(version=3, key="order_id", upcasts={1: with_amount, 2: with_channel})
    class OrderPlaced:
        order_id: str
        amount: Decimal
        currency: str
        channel: str
"""


class Code:
    """The code of a service; `deploy` puts another version of it in the place of the former."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self.handled: list[Any] = []

    def deploy(self, source: str, *, ordered: bool = True) -> type[Any]:
        declaration._declared.clear()
        subscription._subscriptions.clear()
        event: type[Any] = self._module(source).OrderPlaced
        ramet.subscribe(event, name="listener", attempts=1, ordered=ordered)(self.handled.append)
        return event

    def publish(self, event: type[Any], order_id: str, **fields: Any) -> None:
        with transaction.atomic():
            ramet.publish(event(order_id=order_id, **fields))

    def settle(self) -> None:
        heads = Heads(["listener"])
        while move(surroundings()) or work_off_one(heads) is not None:
            pass

    @property
    def orders(self) -> list[str]:
        return [each.order_id for each in self.handled]


@pytest.fixture
def code(module: Module) -> Code:
    return Code(module)


def test_a_payload_goes_from_version_to_version_up_to_the_class(code: Code) -> None:
    newest = type_of(code.deploy(V3))
    assert newest is not None
    assert newest.versions == (1, 2, 3)
    for version, payload in enumerate(
        (
            '{"order_id": "a", "total": "12.50 EUR"}',
            '{"order_id": "a", "amount": "12.50", "currency": "EUR"}',
            '{"order_id": "a", "amount": "12.50", "currency": "EUR", "channel": "web"}',
        ),
        start=1,
    ):
        event = newest.decode(payload, version)
        assert (event.amount, event.currency, event.channel) == (Decimal("12.50"), "EUR", "web")


@pytest.mark.django_db
def test_a_handler_of_the_newest_version_gets_older_ones_too_each_once(code: Code) -> None:
    for source, fields in (
        (V1, {"total": "1 EUR"}),
        (V2, {"amount": Decimal(2), "currency": "EUR"}),
        (V3, {"amount": Decimal(3), "currency": "EUR", "channel": "app"}),
    ):
        code.publish(code.deploy(source), "a", **fields)
    assert move(surroundings()) == 3
    rows = list(Outbox.objects.all())
    assert rows == []
    code.settle()
    assert [(each.amount, each.channel) for each in code.handled] == [
        (Decimal(1), "web"),
        (Decimal(2), "web"),
        (Decimal(3), "app"),
    ]
    assert {type(each) for each in code.handled} == {
        each.cls for each in declared().values() if each.version == 3
    }


@pytest.mark.django_db
def test_a_newer_version_waits_with_its_key_until_the_code_that_knows_it(code: Code) -> None:
    newer = code.deploy(V2)
    code.publish(newer, "a", amount=Decimal(1), currency="EUR")
    older = code.deploy(V1)
    code.publish(older, "a", total="2 EUR")
    code.publish(older, "b", total="3 EUR")
    code.settle()
    assert code.orders == ["b"]
    assert Inbox.objects.filter(state="ready", attempts=0).count() == 2
    code.deploy(V2)
    code.settle()
    assert [(each.order_id, int(each.amount)) for each in code.handled[1:]] == [("a", 1), ("a", 2)]


@pytest.mark.django_db
def test_an_unordered_handler_does_not_wait_for_a_held_event(code: Code) -> None:
    newer = code.deploy(V2)
    code.publish(newer, "a", amount=Decimal(1), currency="EUR")
    code.publish(code.deploy(V1, ordered=False), "a", total="2 EUR")
    code.settle()
    assert [each.total for each in code.handled] == ["2 EUR"]


@pytest.mark.django_db
def test_an_older_version_without_a_way_to_read_it_is_held_not_lost(code: Code) -> None:
    code.publish(code.deploy(V1), "a", total="1 EUR")
    code.deploy(V2.replace(", upcasts={1: with_amount}", ""))
    code.settle()
    assert code.handled == []
    assert Outbox.objects.count() == 0
    code.deploy(V2)
    code.settle()
    assert [each.amount for each in code.handled] == [Decimal(1)]


BOTH = V1 + "    Older = OrderPlaced\n" + V2.replace(", upcasts={1: with_amount}", "")


@pytest.mark.django_db
def test_of_two_versions_side_by_side_a_handler_gets_the_one_it_names(
    code: Code, module: Module
) -> None:
    newer = code.deploy(V2)
    code.publish(newer, "a", amount=Decimal(1), currency="EUR")
    code.deploy(V1)
    code.settle()
    assert Inbox.objects.filter(state="ready").count() == 1  # held: this code does not know it
    declaration._declared.clear()
    subscription._subscriptions.clear()
    both = module(BOTH)
    ramet.subscribe(both.Older, name="listener")(code.handled.append)
    code.publish(both.Older, "a", total="2 EUR")
    code.publish(both.OrderPlaced, "a", amount=Decimal(2), currency="EUR")
    code.settle()
    assert [each.total for each in code.handled] == ["2 EUR"]
    assert Inbox.objects.filter(state="done").count() == Inbox.objects.count() == 2


@pytest.mark.django_db
def test_a_version_that_only_a_newer_class_reads_holds_up_nobody_beside_it(
    code: Code, module: Module
) -> None:
    """The class of version 2 is gone, version 3 reads its events; version 1 stands beside it."""
    event = code.deploy(V2)
    with transaction.atomic():
        ramet.publish(event(order_id="a", amount=Decimal(1), currency="EUR"))
    declaration._declared.clear()
    subscription._subscriptions.clear()
    version_3 = V2.replace("version=2", "version=3").replace("upcasts={1:", "upcasts={2:")
    both = module(V1 + "    Older = OrderPlaced\n" + version_3)
    newer: list[Any] = []
    ramet.subscribe(both.Older, name="listener")(code.handled.append)
    ramet.subscribe(both.OrderPlaced, name="newer")(newer.append)
    Outbox.objects.update(payload='{"order_id":"a","total":"1 EUR"}')  # as version 3 reads it
    code.publish(both.Older, "a", total="2 EUR")
    code.settle()
    assert [each.total for each in code.handled] == ["2 EUR"]


@pytest.mark.django_db
def test_a_version_of_an_event_that_nobody_here_handles_waits_for_its_code(code: Code) -> None:
    newer = code.deploy(V2)
    code.publish(newer, "a", amount=Decimal(1), currency="EUR")
    code.deploy(V1)
    subscription._subscriptions.clear()  # newer code has the first handler of it
    assert move(surroundings()) == 0
    assert Outbox.objects.count() == 1


@pytest.mark.django_db
def test_an_older_version_that_nobody_handles_does_not_stay_for_ever(code: Code) -> None:
    code.publish(code.deploy(V1), "a", total="1 EUR")
    code.deploy(V2)
    subscription._subscriptions.clear()
    assert move(surroundings()) == 1
    assert Outbox.objects.count() == 0


@pytest.mark.django_db
def test_an_upcast_that_fails_is_an_attempt_that_fails(code: Code) -> None:
    code.publish(code.deploy(V1), "a", total="free")
    code.deploy(V2)
    code.settle()
    letter = Inbox.objects.get()
    assert letter.state == "dead"
    assert "with_amount" in letter.error


def test_an_upcast_that_returns_no_fields_is_named(code: Code) -> None:
    found = type_of(code.deploy(V2.replace("return old |", "old |")))
    assert found is not None
    with pytest.raises(InvalidEvent, match=r"OrderPlaced.v2: upcasts\[1\] returned NoneType"):
        found.decode('{"order_id": "a", "total": "1 EUR"}', 1)


@pytest.mark.parametrize(
    ("version", "upcasts", "found"),
    [
        (3, "{1: one}", ["upcasts of 1 to version=3"]),
        (2, "{2: one}", ["upcasts of 2 to version=2"]),
        (2, "{0: one, 1: one}", ["upcasts of 0, 1 to version=2"]),
        (2, "{'1': one}", ["upcasts of '1' to version=2"]),
        (2, "{1: none}", ["<function none"]),
        (2, "{1: 'one'}", ["'one'"]),
        (4, "{1: one, 2: none}", ["upcasts of 1, 2 to version=4", "<function none"]),
    ],
)
def test_upcasts_that_lead_nowhere_are_refused(
    module: Module, version: int, upcasts: str, found: list[str]
) -> None:
    with pytest.raises(DiagnosticError) as refused:
        module(f"""
            def one(old): return old
            def none(): return {{}}

            @ramet.event(version={version}, key=None, upcasts={upcasts})
            class Broken:
                what: str
        """)
    assert {each.reference for each in refused.value.mistakes} == {"event-upcasts"}
    assert [
        mistake.found.startswith(text)
        for mistake, text in zip(refused.value.mistakes, found, strict=True)
    ] == [True] * len(found)


@pytest.mark.parametrize("name", ["OrderPlaced", "shop.Placed.v", "shop.X.v01", ".v1", "a.v-1"])
def test_a_name_without_family_and_version_is_told_apart(name: str) -> None:
    assert family_and_version(name) is None
    assert family_and_version("shop.orders.OrderPlaced.v12") == ("shop.orders.OrderPlaced", 12)
