"""What `publish` writes and what it refuses; on SQLite, in the TestCase of most projects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

import ramet
from ramet.events import EventTooLarge, InvalidEvent, PublishOutsideTransaction
from ramet.events.declaration import type_of
from ramet.events.keys import partition_of
from ramet.events.models import Outbox

Module = Callable[..., Any]


@pytest.fixture
def made(module: Module) -> Any:
    return module("""
        @ramet.event(version=1, key="order_id")
        class OrderPlaced:
            order_id: UUID
            note: str = ""

        @ramet.event(version=1, key=None)
        class Seen:
            what: str

        @ramet.event(version=1, key="name")
        class Named:
            name: str
    """)


@pytest.mark.django_db
def test_inside_a_testcase_publishing_in_a_transaction_works(made: Any) -> None:
    order_id = uuid4()
    with transaction.atomic():
        ramet.publish(made.OrderPlaced(order_id=order_id))
    row = Outbox.objects.get()
    assert row.type == "imaginary.orders.OrderPlaced.v1"
    assert (row.key, row.partition) == (str(order_id), partition_of(str(order_id)))
    assert row.payload == f'{{"order_id":"{order_id}","note":""}}'
    assert row.time is not None


@pytest.mark.django_db
def test_a_testcases_own_transaction_does_not_hide_a_missing_one(made: Any) -> None:
    with pytest.raises(PublishOutsideTransaction, match=r"publish\(OrderPlaced\).*atomic"):
        ramet.publish(made.OrderPlaced(order_id=uuid4()))
    assert Outbox.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_outside_of_any_transaction_it_is_refused(made: Any) -> None:
    with pytest.raises(PublishOutsideTransaction):
        ramet.publish(made.OrderPlaced(order_id=uuid4()))


@pytest.mark.django_db
def test_events_without_key_are_each_ordered_by_themselves(made: Any) -> None:
    with transaction.atomic():
        ramet.publish(made.Seen(what="a"), made.Seen(what="b"))
    first, second = Outbox.objects.order_by("seq")
    assert first.key == str(first.event_id) != second.key


@pytest.mark.django_db
def test_what_is_no_event_is_refused(made: Any) -> None:
    class Child(made.OrderPlaced):  # type: ignore[misc]
        pass

    for wrong in ("text", Child(order_id=uuid4())):
        with transaction.atomic(), pytest.raises(InvalidEvent, match="no event"):
            ramet.publish(wrong)


@pytest.mark.django_db
def test_one_wrong_event_among_several_announces_none(made: Any) -> None:
    with transaction.atomic(), pytest.raises(InvalidEvent, match="order_id"):
        ramet.publish(made.OrderPlaced(order_id=uuid4()), made.OrderPlaced(order_id=1))
    assert Outbox.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "reason"), [("k" * 256, "256 characters"), ("a\0b", "NUL")])
def test_a_key_that_no_inbox_can_store_is_refused_by_name(made: Any, key: str, reason: str) -> None:
    with transaction.atomic(), pytest.raises(InvalidEvent, match=f"its key name has .*{reason}"):
        ramet.publish(made.Named(name=key))
    assert Outbox.objects.count() == 0


@pytest.mark.django_db
def test_a_payload_too_large_is_refused_with_size_and_limit(made: Any, settings: Any) -> None:
    settings.RAMET_EVENTS = {"largest_event": 1000}
    with (
        transaction.atomic(),
        pytest.raises(EventTooLarge, match=r"OrderPlaced.v1 is 2,0\d\d bytes.*1,000"),
    ):
        ramet.publish(made.OrderPlaced(order_id=uuid4(), note="x" * 2000))
    assert Outbox.objects.count() == 0


@pytest.mark.django_db
def test_half_a_surrogate_pair_is_refused_and_a_nul_in_a_text_travels(made: Any) -> None:
    for wrong in (made.Seen(what="\ud800"), made.Named(name="\udfff")):
        with transaction.atomic(), pytest.raises(InvalidEvent, match="surrogates"):
            ramet.publish(wrong)
    assert Outbox.objects.count() == 0
    with transaction.atomic():
        ramet.publish(made.Seen(what="a\0b"))
    declaration = type_of(made.Seen)
    assert declaration is not None
    assert declaration.decode(Outbox.objects.get().payload).what == "a\0b"
