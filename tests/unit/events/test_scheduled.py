"""Events for later: when they are published, and how a person or a program takes them back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

import ramet
from ramet.events import cancel, sql
from ramet.events.keys import partition_of
from ramet.events.models import Outbox, Scheduled
from ramet.events.scheduled import Calendar

Module = Callable[..., Any]

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(module: Module) -> Any:
    return module("""
        @ramet.event(version=1, key="key")
        class Said:
            key: str
            word: str
    """).Said


def say(said: Any, *words: str, **when: Any) -> tuple[Any, ...]:
    with transaction.atomic():
        return ramet.publish(*(said(key="k", word=word) for word in words), **when)


def make_due(*words: str) -> None:
    """What was to be said with these words is due now, in this order."""
    for number, word in enumerate(words):
        moment = timezone.now() - timedelta(seconds=60 - number)
        assert Scheduled.objects.filter(payload__contains=word).update(due=moment) == 1


def outbox() -> list[str]:
    return [each.payload.split('"')[-2] for each in Outbox.objects.order_by("seq")]


def test_it_waits_for_its_time_and_is_published_then(said: Any) -> None:
    (event_id,) = say(said, "later", delay=timedelta(hours=1))
    assert 3590 < float(Calendar().release() or 0) < 3601
    assert outbox() == []
    make_due("later")
    assert Calendar().release() is None
    row = Outbox.objects.get()
    assert (row.event_id, row.key, row.version) == (event_id, "k", 1)
    assert row.partition == partition_of("k")
    assert abs((row.time - timezone.now()).total_seconds()) < 5
    assert Scheduled.objects.count() == 0


def test_a_time_counts_by_the_moment_that_it_means(said: Any) -> None:
    moment = datetime(2050, 6, 1, 12, tzinfo=UTC)
    say(said, "later", at=moment.astimezone(timezone.get_fixed_timezone(120)))
    assert Scheduled.objects.get().due == moment
    say(said, "late", at=timezone.now() - timedelta(days=1))
    Calendar().release()
    assert outbox() == ["late"]


def test_its_place_in_its_key_is_that_of_its_time(said: Any) -> None:
    say(said, "third", delay=timedelta(seconds=40))
    say(said, "second", delay=timedelta(seconds=20))
    say(said, "first")
    make_due("second", "third")
    Calendar().release()
    say(said, "fourth")
    assert outbox() == ["first", "second", "third", "fourth"]


def test_a_delay_of_nothing_is_none(said: Any) -> None:
    say(said, "now", delay=timedelta(0))
    assert outbox() == ["now"]


def test_a_rollback_schedules_nothing(said: Any) -> None:
    with transaction.atomic():
        ramet.publish(said(key="k", word="never"), delay=timedelta(hours=1))
        transaction.set_rollback(True)
    assert Scheduled.objects.count() == 0


def test_many_that_are_due_at_once_are_published_in_batches(
    said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.events.scheduled.BATCH", 2)
    say(said, *"abcde", delay=timedelta(hours=1))
    Scheduled.objects.update(due=timezone.now() - timedelta(seconds=1))
    calendar = Calendar()
    assert [calendar.release() for _ in range(3)] == [0, 0, None]
    assert outbox() == list("abcde")


def test_looking_costs_a_busy_loop_nothing(said: Any, django_assert_num_queries: Any) -> None:
    calendar = Calendar()
    calendar.release()
    with django_assert_num_queries(0):
        assert calendar.release() is None


def test_a_cancelled_event_is_not_published_and_one_that_is_due_cannot_be(said: Any) -> None:
    first, second, third = say(said, "one", "two", "three", delay=timedelta(hours=1))
    assert cancel(first, second) == 2
    assert cancel(second, uuid4()) == 0
    assert cancel() == 0
    make_due("three")
    Calendar().release()
    assert cancel(third) == 0
    assert outbox() == ["three"]


def test_a_cancellation_is_part_of_its_transaction(said: Any) -> None:
    (event_id,) = say(said, "one", delay=timedelta(hours=1))
    with transaction.atomic():
        assert cancel(event_id) == 1
        transaction.set_rollback(True)
    assert Scheduled.objects.count() == 1


@pytest.mark.parametrize(
    ("when", "error", "told"),
    [
        ({"at": datetime(2050, 1, 1)}, ValueError, r"at=.*without a time zone.*aware datetime"),
        ({"at": date(2050, 1, 1)}, TypeError, "at is an aware datetime"),
        ({"at": 60}, TypeError, "at is an aware datetime"),
        ({"delay": 60}, TypeError, r"delay is a timedelta, such as timedelta\(minutes=5\)"),
        ({"delay": timedelta(seconds=-1)}, ValueError, "from 0 to 36,500 days"),
        ({"delay": timedelta.max}, ValueError, "from 0 to 36,500 days"),
        ({"delay": timedelta(1), "at": datetime(2050, 1, 1, tzinfo=UTC)}, ValueError, "one of"),
    ],
)
def test_what_names_no_time_is_refused(said: Any, when: Any, error: Any, told: str) -> None:
    with pytest.raises(error, match=told):
        say(said, "never", **when)
    assert Scheduled.objects.count() == Outbox.objects.count() == 0


def test_ids_are_those_of_the_events(said: Any) -> None:
    ids = say(said, "one", "two")
    assert list(Outbox.objects.order_by("seq").values_list("event_id", flat=True)) == list(ids)
    assert sql.rows("SELECT count(*) FROM ramet_events_scheduled") == [(0,)]
