"""What changes something for a request or a call has an entry that says for whom."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from ramet.auditing.changes import watch
from ramet.auditing.middleware import AuditMiddleware
from ramet.auditing.models import Entry
from tests.unit.auditing.conftest import Log

CHANGED = ("changed", "")


def answer(
    view: object,
    method: str = "POST",
    user: object = None,
    path: str = "/api/v1/groups/?secret=x",
) -> HttpResponse:
    """One request through the middleware."""
    request = RequestFactory().generic(method, path)
    if user is not None:
        request._cached_user = user  # type: ignore[attr-defined]

    def get_response(request: HttpRequest) -> HttpResponse:
        return view(request) or HttpResponse()  # type: ignore[operator]

    return AuditMiddleware(get_response)(request)


def test_the_connection_is_watched(log: Log) -> None:
    assert watch in connection.execute_wrappers


@pytest.mark.parametrize(
    "change",
    [
        lambda: Group.objects.create(name="b"),
        lambda: Group.objects.update(name="b"),
        lambda: Group.objects.filter(name="a").delete(),
        lambda: Group.objects.bulk_create([Group(name="b"), Group(name="c")]),
    ],
    ids=["insert", "update", "delete", "many"],
)
def test_a_change_has_one_entry(log: Log, change: object) -> None:
    Group.objects.create(name="a")
    answer(lambda request: change() and None)  # type: ignore[operator]
    assert log() == [CHANGED]
    entry = Entry.objects.get()
    assert entry.via == "POST /api/v1/groups/"
    assert json.loads(entry.facts)["first"].startswith("auth_group")


def test_a_link_by_mail_is_told_without_its_secret(log: Log) -> None:
    page = "/reset/MQ/d4k1xz-0a1b2c3d4e5f60718293a4b5c6d7e8f9/"
    answer(lambda request: Group.objects.create(name="b") and None, path=page)
    assert Entry.objects.get().via == "POST /reset/MQ/[redacted]/"


def test_one_request_has_one_entry_and_two_have_two(log: Log) -> None:
    def one(request: HttpRequest) -> None:
        with transaction.atomic():
            Group.objects.create(name="a")
            Group.objects.create(name="b")

    answer(one)
    assert log() == [CHANGED]
    answer(lambda request: Group.objects.create(name="c") and None)
    assert log() == [CHANGED, CHANGED]


@pytest.mark.django_db(transaction=True)
def test_a_request_with_two_transactions_has_one_entry_though_the_first_is_rolled_back() -> None:
    before = Entry.objects.count()

    def twice(request: HttpRequest) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            _ = Group.objects.create(name="a").pk / 0
        for name in "bcd":
            with transaction.atomic():
                Group.objects.create(name=name)

    answer(twice)
    assert Entry.objects.count() == before + 1


def test_reading_has_none(log: Log) -> None:
    answer(lambda request: list(Group.objects.select_for_update()) and None)
    assert log() == []


def test_a_safe_request_has_none(log: Log) -> None:
    """One that changes something is book-keeping, such as the time of the last visit."""
    answer(lambda request: Group.objects.create(name="a") and None, method="GET")
    assert log() == []


def test_book_keeping_has_none(log: Log) -> None:
    def session(request: HttpRequest) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_content_type SET model = model")
            cursor.execute('UPDATE "ramet_calls_storedresult" SET key = key')

    answer(session)
    assert log() == []


@override_settings(
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "attempts",
        }
    }
)
def test_a_cache_in_the_database_has_none(log: Log) -> None:
    """Attempts of somebody whom nobody knows are counted there."""
    call_command("createcachetable", verbosity=0)

    def attempt(request: HttpRequest) -> None:
        cache.set("attempts", 1)
        assert cache.incr("attempts") == 2
        cache.delete("attempts")

    answer(attempt)
    assert log() == []


def test_publishing_is_a_change(log: Log) -> None:
    def publish(request: HttpRequest) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ramet_events_outbox SET type = type")

    answer(publish)
    assert log() == [CHANGED]


def test_outside_requests_and_calls_there_is_none(log: Log) -> None:
    Group.objects.create(name="a")
    assert log() == []


def test_a_change_that_is_rolled_back_takes_its_entry_along(log: Log) -> None:
    def fail(request: HttpRequest) -> None:
        with transaction.atomic():
            Group.objects.create(name="a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer(fail)
    assert log() == []


def test_what_is_changed_after_a_savepoint_was_rolled_back_still_has_one(log: Log) -> None:
    def half(request: HttpRequest) -> None:
        with transaction.atomic():
            try:
                with transaction.atomic():
                    Group.objects.create(name="a")
                    raise ZeroDivisionError
            except ZeroDivisionError:
                Group.objects.create(name="b")

    answer(half)
    assert log() == [CHANGED]
    assert Group.objects.get().name == "b"


def test_who_is_signed_in_is_told(log: Log) -> None:
    user = User.objects.create(username="alice")
    answer(lambda request: Group.objects.create(name="a") and None, user=user)
    assert Entry.objects.get().user == str(user.pk)


def refuse(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=403)


def test_a_known_user_who_is_refused_is_noted(log: Log) -> None:
    user = User.objects.create(username="alice")
    answer(refuse, user=user)
    assert log() == [("refused", "")]
    assert Entry.objects.get().user == str(user.pk)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_refused_reading_is_not(log: Log, method: str) -> None:
    answer(refuse, method, user=User.objects.create(username="alice"))
    assert log() == []


def test_nobody_fills_the_log_without_signing_in(log: Log) -> None:
    answer(refuse)
    answer(refuse, user=AnonymousUser())
    assert log() == []


def test_refusals_can_be_left_out(log: Log) -> None:
    user = User.objects.create(username="alice")
    with override_settings(RAMET_AUDIT={"refusals": False}):
        answer(refuse, user=user)
    assert log() == []
