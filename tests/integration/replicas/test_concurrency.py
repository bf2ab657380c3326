"""Readers, feeders and rebuilds at the same time, on a real PostgreSQL."""

import random
import threading
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection, connections

from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.replicas import rebuilding
from ramet.replicas.audit import audit
from ramet.replicas.declaration import Feed, feed_of
from ramet.replicas.model import rebuild_model
from ramet.replicas.models import Build
from tests.bookshop.library.models import Author, Book
from tests.bookshop.press import services
from tests.bookshop.press.contract import UnknownCursor
from tests.bookshop.press.models import Book as SourceBook
from tests.integration.replicas.conftest import Bookshop
from tests.unit.replicas.conftest import move, surroundings
from tests.unit.replicas.test_audit import check_records

ROWS = 3000


@pytest.fixture(autouse=True)
def _large_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PAGE", 500)


def in_threads(*functions: Callable[[], None]) -> list[BaseException]:
    """Run them at once, each with a connection of its own; what they raised."""
    errors: list[BaseException] = []

    def run(function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(each,), daemon=True) for each in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return errors


def test_readers_see_no_gap_and_no_mixture(monolith: Bookshop, feed: Feed) -> None:
    """Rows go, come and change at the source, without events; each reading is of one state."""
    monolith.shelve(ROWS)
    seen: set[tuple[int, tuple[int, ...]]] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*), array_agg(DISTINCT replica_version) FROM library_book"
                )
                count, versions = cursor.fetchone()
            seen.add((count, tuple(versions)))

    def rebuild() -> None:
        try:
            for state in (2, 3, 4):
                oldest = SourceBook.objects.order_by("isbn").values_list("isbn", flat=True)
                SourceBook.objects.filter(isbn__in=list(oldest[:500])).delete()
                SourceBook.objects.bulk_create(
                    SourceBook(isbn=f"c{state}{each:04}", title="New", price=1)
                    for each in range(500)
                )
                SourceBook.objects.update(version=state)
                rebuilding.run(feed)
        finally:
            is_over.set()

    with monolith.library():
        rebuilding.run(feed)
        assert in_threads(read, read, rebuild) == []
    assert seen <= {(ROWS, (version,)) for version in (1, 2, 3, 4)}
    assert len(seen) >= 2, "the readers were there at a swap"


def test_a_dump_of_the_database_holds_up_neither_rebuilds_nor_events(
    monolith: Bookshop, feed: Feed
) -> None:
    monolith.shelve(10)

    def rebuild() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '5s'")  # far less than a dump takes
        rebuilding.run(feed)
        rebuilding.start(feed)
        held = rebuilding.claim(feed)
        assert held is not None
        rebuilding.advance(feed, held)
        Build.objects.update(cursor="refused")
        rebuilding.note_failure(feed, held, UnknownCursor(cursor="refused"))
        while rebuilding.advance(feed, held):
            pass

    with monolith.library(), psycopg.connect(monolith.library_url) as dump:
        for table in (Book._meta.db_table, rebuild_model(Book)._meta.db_table):
            dump.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")  # what pg_dump takes
        assert in_threads(rebuild) == []
        assert monolith.is_settled()


def test_records_are_stored_and_compared_on_postgresql_too(monolith: Bookshop) -> None:
    with monolith.library():
        check_records(feed_of(Author))


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_changes_deletes_feeders_and_rebuilds_at_once(
    monolith: Bookshop, feed: Feed, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(services, "PAGE", 10)
    monolith.shelve(150)
    are_over = threading.Event()

    def change_and_remove() -> None:
        """Each of these goes for good: one made anew would begin at version 1 again."""
        for number in random.Random(seed).sample(range(60), 60):
            services.put(f"b{number:05}", f"Title {seed}")
            services.remove(f"b{number:05}")

    def change_and_add() -> None:
        dice = random.Random(seed)
        for _ in range(80):
            services.put(f"b{dice.randrange(100, 300):05}", f"Title {dice.random()}")

    def write() -> None:
        try:
            assert in_threads(change_and_remove, change_and_add) == []
        finally:
            are_over.set()

    def feed_events() -> None:
        heads, idle = Heads(feed.handlers), 0
        while idle < 3:  # looks without work after the writers have ended
            moved = move(surroundings())
            outcome = work_off_one(heads)
            assert outcome in (None, 0), "a handler failed"
            idle = idle + 1 if are_over.is_set() and not moved and outcome is None else 0

    def rebuild() -> None:
        while not are_over.is_set():
            rebuilding.run(feed)

    with monolith.library():
        assert in_threads(write, feed_events, feed_events, rebuild) == []
        assert monolith.rows_here() == monolith.rows_there()
        assert audit(feed, settle=0).differences == 0
        assert not rebuild_model(Book)._default_manager.exists()
