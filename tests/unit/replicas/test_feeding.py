"""Events into a replica: in any order and any number of times, the newest word counts."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from ramet.events.models import Inbox
from ramet.replicas.models import Tombstone
from tests.bookshop.library.models import Author, Book
from tests.bookshop.press import services
from tests.bookshop.press.contract import Price
from tests.bookshop.press.events import AuthorChanged, BookChanged, BookRemoved
from tests.unit.replicas.conftest import here, there

pytestmark = pytest.mark.django_db


def changed(version: int, isbn: str = "b1") -> BookChanged:
    price = Price(amount=Decimal(version))
    return BookChanged(isbn=isbn, title=f"v{version}", price=price, blurb=None, version=version)


def removed(version: int, isbn: str = "b1") -> BookRemoved:
    return BookRemoved(isbn=isbn, version=version)


def feed(*events: Any) -> None:
    for event in events:
        with transaction.atomic():
            Book.receive(event)


def test_what_press_publishes_is_what_the_library_has(deliver: Callable[[], int]) -> None:
    services.put("b1", "Walden", "12.50")
    services.put("b2", "Emma", blurb="Of Highbury")
    services.put("b1", "Walden, revised", "13.00")
    services.put("b3", "Gone")
    services.remove("b3")
    deliver()
    assert here() == there()
    assert [row[0] for row in here()] == ["b1", "b2"]
    assert Book.objects.get(pk="b2").note == "Of Highbury"


def test_an_event_that_arrives_again_is_not_worked_off_again(deliver: Callable[[], int]) -> None:
    services.put("b1", "Walden")
    assert deliver() == 1
    assert set(Inbox.objects.values_list("handler", "state")) == {
        ("replica/library.Book/BookChanged", "done")
    }


@pytest.mark.parametrize(
    "events",
    list(itertools.permutations([changed(1), changed(2), changed(3)])),
    ids=lambda events: "-".join(str(each.version) for each in events),
)
def test_the_newest_version_stays_in_whatever_order_they_arrive(events: Any) -> None:
    feed(*events)
    assert here() == [("b1", "v3", "3.00")]


@pytest.mark.parametrize(
    "events",
    list(itertools.permutations([changed(1), changed(2), removed(3)])),
    ids=lambda events: "-".join(type(each).__name__[4:] + str(each.version) for each in events),
)
def test_a_deleted_row_never_comes_back_in_whatever_order_they_arrive(events: Any) -> None:
    feed(*events)
    assert here() == []
    assert Tombstone.objects.get().version == 3


@pytest.mark.parametrize(
    "events",
    list(itertools.permutations([changed(1), removed(2), changed(3)])),
    ids=lambda events: "-".join(type(each).__name__[4:] + str(each.version) for each in events),
)
def test_a_row_that_was_made_anew_stays_in_whatever_order_they_arrive(events: Any) -> None:
    feed(*events)
    assert here() == [("b1", "v3", "3.00")]


def test_an_event_of_the_same_version_changes_nothing() -> None:
    price = Price(amount=Decimal(9))
    feed(changed(2), BookChanged(isbn="b1", title="other", price=price, blurb=None, version=2))
    assert here() == [("b1", "v2", "2.00")]


def test_a_delete_of_the_version_that_is_here_counts() -> None:
    feed(changed(2), removed(2), changed(2))
    assert here() == []


def test_of_a_deleted_row_nothing_is_kept_but_key_and_version() -> None:
    feed(changed(1), removed(2))
    assert Tombstone.objects.values("replica", "key", "version").get() == {
        "replica": "library.Book",
        "key": "b1",
        "version": 2,
    }
    assert {field.name for field in Tombstone._meta.fields} == {
        "id",
        "replica",
        "key",
        "version",
        "number",
        "at",
    }


def test_keys_do_not_concern_each_other() -> None:
    feed(changed(5, "b1"), removed(9, "b2"), changed(1, "b3"))
    assert [row[0] for row in here()] == ["b1", "b3"]


def test_a_version_may_be_a_time_to_the_microsecond() -> None:
    author, noon = uuid4(), datetime(2026, 5, 1, 12, tzinfo=UTC)
    for name, at in (
        ("second", noon + timedelta(microseconds=1)),
        ("first", noon),
        ("third", noon + timedelta(microseconds=2)),
    ):
        with transaction.atomic():
            Author.receive(AuthorChanged(id=author, name=name, changed_at=at))
    assert Author.objects.get(pk=author).name == "third"


def test_a_time_without_a_zone_is_no_version() -> None:
    with pytest.raises(ValueError, match="no time zone"), transaction.atomic():
        Author.receive(AuthorChanged(id=uuid4(), name="x", changed_at=datetime(2026, 5, 1)))


def test_an_event_that_does_not_feed_the_replica_is_refused() -> None:
    with pytest.raises(TypeError, match=r"AuthorChanged does not feed library\.Book"):
        Book.receive(AuthorChanged(id=uuid4(), name="x", changed_at=datetime.now(UTC)))
