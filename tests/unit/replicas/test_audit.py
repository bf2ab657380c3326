"""An audit tells what differs, and what was only on its way does not."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from ramet.replicas import audit as auditing
from ramet.replicas import rebuilding
from ramet.replicas.audit import EXAMPLES, audit
from ramet.replicas.declaration import Feed, feed_of
from ramet.replicas.models import Build, Tombstone
from tests.bookshop.library.models import Author, Book
from tests.bookshop.press import services
from tests.bookshop.press.contract import Place
from tests.bookshop.press.events import AuthorChanged
from tests.bookshop.press.models import Author as SourceAuthor
from tests.bookshop.press.models import Book as SourceBook
from tests.unit.replicas.conftest import here

pytestmark = pytest.mark.django_db


@pytest.fixture
def built(feed: Feed, shelf: list[str]) -> Feed:
    rebuilding.run(feed)
    return feed


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def found(feed: Feed) -> dict[str, list[str]]:
    report = audit(feed, settle=0)
    for kind, examples in report.examples.items():
        assert report.counts[kind] == len(examples)
    return {kind: [each.key for each in some] for kind, some in report.examples.items() if some}


def test_a_replica_that_is_right_has_no_differences(built: Feed) -> None:
    report = audit(built, settle=0)
    assert (report.checked, report.differences, report.is_ready) == (7, 0, True)


def test_each_kind_of_difference_is_found_and_named(built: Feed) -> None:
    sql("DELETE FROM library_book WHERE isbn = 'b1'")
    sql(_SURPLUS)
    sql("UPDATE library_book SET title = 'old', replica_version = 0 WHERE isbn = 'b3'")
    sql("UPDATE library_book SET title = 'forged', price = 99 WHERE isbn = 'b4'")
    assert found(built) == {
        "missing": ["b1"],
        "surplus": ["zz"],
        "stale": ["b3"],
        "differs": ["b4"],
    }
    (example,) = audit(built, settle=0).examples["differs"]
    assert example.columns == ("title", "price")


_SURPLUS = (
    "INSERT INTO library_book (isbn, title, price, note, replica_version)"
    " VALUES ('zz', 'Surplus', 1, NULL, 1)"
)


def test_an_audit_changes_nothing(built: Feed) -> None:
    sql("UPDATE library_book SET title = 'forged' WHERE isbn = 'b4'")
    before = (here(), list(Build.objects.values()), list(Tombstone.objects.values()))
    audit(built, settle=0)
    assert (here(), list(Build.objects.values()), list(Tombstone.objects.values())) == before


def test_a_change_that_is_on_its_way_is_no_difference(
    built: Feed, deliver: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    services.put("b1", "Changed")
    services.remove("b2")
    services.put("b9", "New")
    assert len(found(built)) == 3, "nothing has arrived"
    monkeypatch.setattr(auditing, "_wait", lambda *_: deliver())
    assert found(built) == {}


def test_a_row_that_changes_all_the_time_is_no_difference(
    built: Feed, deliver: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At both looks it is behind, but it has come as far as the source was at the first."""
    services.put("b1", "Changed")

    def meanwhile(*_: Any) -> None:
        deliver()
        services.put("b1", "Changed again")

    monkeypatch.setattr(auditing, "_wait", meanwhile)
    assert found(built) == {}


def test_a_row_that_was_deleted_at_the_source_meanwhile_is_no_difference(
    built: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its event is still on its way at the second look: then it is a suspect for the first time."""
    monkeypatch.setattr(auditing, "_wait", lambda *_: services.remove("b2"))
    services.put("b1", "Changed")
    assert found(built) == {"stale": ["b1"]}


def test_what_a_restored_backup_of_the_source_leaves_behind_is_found(
    built: Feed, deliver: Callable[[], int]
) -> None:
    old = SourceBook.objects.get(isbn="b1")
    services.put("b1", "Changed")
    services.put("b1", "Changed again")
    deliver()
    old.save()
    assert found(built) == {"ahead": ["b1"]}
    (example,) = audit(built, settle=0).examples["ahead"]
    assert example.columns == ("title",)
    rebuilding.run(built)
    assert found(built) == {}


def test_an_event_that_came_after_its_page_was_read_is_no_difference(
    built: Feed, deliver: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At both looks the row is ahead of its page, but the source has come as far at the second."""
    export = auditing.export

    def read_then_change(feed: Feed, cursor: str) -> Any:
        page = export(feed, cursor)
        if not cursor:
            services.put("b1", "Changed")
            deliver()
        return page

    monkeypatch.setattr(auditing, "export", read_then_change)
    assert found(built) == {}


def test_a_row_that_a_rebuild_has_taken_back_meanwhile_is_no_difference(
    built: Feed, deliver: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was ahead; now it is as the restored source was, and the next change is on its way."""
    old = SourceBook.objects.get(isbn="b1")
    for number in range(3):
        services.put("b1", f"Changed {number}")
    deliver()
    old.save()

    def meanwhile(*_: Any) -> None:
        rebuilding.run(built)
        services.put("b1", "Changed anew")

    monkeypatch.setattr(auditing, "_wait", meanwhile)
    assert found(built) == {}


def test_a_column_of_a_whole_record_is_compared_by_what_is_in_it(
    db: None, deliver: Callable[[], int]
) -> None:
    feed = feed_of(Author)
    check_records(feed)
    sql("""UPDATE library_author SET home = '{"town": "Lyme", "born": "1775-12-16"}'""")
    assert [*found(feed)] == ["differs"]


def check_records(feed: Feed) -> None:
    """One comes by a rebuild, one by an event; neither differs from its source."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    home = Place(town="Steventon", born=date(1775, 12, 16), also=("Bath", "Chawton"))
    stored = {"also": ["Bath", "Chawton"], "born": "1775-12-16", "town": "Steventon"}
    for known, name in ((home, "Jane"), (None, "Anonymous")):
        SourceAuthor.objects.create(id=uuid4(), name=name, changed_at=now, home=known and stored)
    rebuilding.run(feed)
    told = AuthorChanged(id=uuid4(), name="Cassandra", changed_at=now, home=home)
    SourceAuthor.objects.create(id=told.id, name=told.name, changed_at=now, home=stored)
    with transaction.atomic():
        Author.receive(told)
    homes = dict(Author.objects.values_list("name", "home"))
    assert homes == {"Jane": stored, "Cassandra": stored, "Anonymous": None}
    assert found(feed) == {}


def test_more_differences_than_are_named_are_counted(built: Feed) -> None:
    SourceBook.objects.bulk_create(
        SourceBook(isbn=f"x{number:04}", title="x", price=1) for number in range(30)
    )
    report = audit(built, settle=0)
    assert (report.counts["missing"], len(report.examples["missing"])) == (30, EXAMPLES)


def test_surplus_rows_are_found_in_every_part_of_a_large_replica(
    feed: Feed, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "_CHUNK", 3)
    for number in range(10):
        services.put(f"b{number}", "x")
    rebuilding.run(feed)
    SourceBook.objects.filter(isbn__in=["b0", "b3", "b9"]).delete()
    assert found(feed) == {"surplus": ["b0", "b3", "b9"]}


def test_a_replica_that_was_never_built_is_told_as_such(feed: Feed, shelf: list[str]) -> None:
    report = audit(feed, settle=0)
    assert not report.is_ready
    assert report.counts["missing"] == 7


def test_a_report_for_programs(built: Feed) -> None:
    sql("UPDATE library_book SET title = 'forged' WHERE isbn = 'b4'")
    assert audit(built, settle=0).as_json() == {
        "replica": "library.Book",
        "ready": True,
        "checked": 7,
        "differences": 1,
        "missing": {"count": 0, "examples": []},
        "surplus": {"count": 0, "examples": []},
        "stale": {"count": 0, "examples": []},
        "ahead": {"count": 0, "examples": []},
        "differs": {"count": 1, "examples": [{"key": "b4", "columns": ["title"]}]},
    }


def test_the_wait_ends_when_the_inbox_is_empty(
    built: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Book.objects.exists()
    looks: list[int] = []
    monkeypatch.setattr(auditing.time, "sleep", lambda seconds: looks.append(seconds))
    auditing._wait(built, 2.5)
    assert looks == [2.5]
