"""A rebuild copies the source anew, whatever happens meanwhile and whoever dies on the way."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F

from ramet.calls import stand_in
from ramet.replicas import rebuilding, tables
from ramet.replicas.declaration import Feed
from ramet.replicas.model import rebuild_model
from ramet.replicas.models import Build, Tombstone
from ramet.replicas.rebuilding import AlreadyRebuilding, LostClaim, SourceFault
from tests.bookshop.library.models import Book
from tests.bookshop.press import contract, services
from tests.bookshop.press.models import Book as SourceBook
from tests.unit.replicas.conftest import Killed, here, there
from tests.unit.replicas.test_feeding import changed, removed

pytestmark = pytest.mark.django_db

At = Callable[[str, Callable[[], Any]], None]
Deliver = Callable[[], int]

PLACES = [
    "replica.before-start-commit",
    "replica.after-start-commit",
    "replica.exported",
    "replica.before-page-commit",
    "replica.after-page-commit",
    "replica.before-swap-commit",
    "replica.after-swap-commit",
]


def resume(feed: Feed) -> None:
    """What the next worker does."""
    rebuilding.start(feed, only_first=True)
    held = rebuilding.claim(feed)
    while held is not None and rebuilding.advance(feed, held):
        pass


def staged() -> int:
    return rebuild_model(Book)._default_manager.count()


def test_the_first_build_fills_the_replica_page_by_page(feed: Feed, shelf: list[str]) -> None:
    assert not Book.is_ready()
    assert rebuilding.run(feed) == {"pages": 3, "rows": len(shelf)}
    assert here() == there()
    assert Book.is_ready()
    assert staged() == 0


def test_events_alone_do_not_make_it_ready(shelf: list[str], deliver: Deliver) -> None:
    services.put("b9", "Told")
    deliver()
    assert [row[0] for row in here()] == ["b9"]
    assert not Book.is_ready()


def test_what_the_source_no_longer_has_vanishes_and_stays_away(
    feed: Feed, shelf: list[str]
) -> None:
    rebuilding.run(feed)
    with transaction.atomic():
        Book.receive(changed(4, "ghost"))
    rebuilding.run(feed)
    assert here() == there()
    with transaction.atomic():
        Book.receive(changed(4, "ghost"))  # as when a dead letter is replayed
    assert here() == there()


def test_it_repairs_what_was_changed_behind_its_back(feed: Feed, shelf: list[str]) -> None:
    rebuilding.run(feed)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE library_book SET title = 'forged'")
        cursor.execute("UPDATE library_book SET replica_version = 99 WHERE isbn = 'b2'")
        cursor.execute("DELETE FROM library_book WHERE isbn = 'b3'")
    rebuilding.run(feed)
    assert here() == there()


def test_readers_see_the_old_copy_until_the_swap(feed: Feed, shelf: list[str]) -> None:
    rebuilding.run(feed)
    before = here()
    SourceBook.objects.update(title="New", version=F("version") + 1)
    SourceBook.objects.filter(isbn="b1").delete()
    rebuilding.start(feed)
    held = rebuilding.claim(feed)
    assert held is not None
    while not Build.objects.get().is_exported:
        rebuilding.advance(feed, held)
        assert here() == before
    rebuilding.advance(feed, held)
    assert here() == there()


DEEDS: dict[str, Callable[[], Any]] = {
    "a change of an exported row": lambda: services.put("b1", "Changed"),
    "a change of a row that is still to come": lambda: services.put("b7", "Changed"),
    "a new row behind the cursor": lambda: services.put("a0", "New"),
    "a new row before the cursor": lambda: services.put("c0", "New"),
    "a delete of an exported row": lambda: services.remove("b1"),
    "a delete of a row that is still to come": lambda: services.remove("b7"),
    "a row that is deleted and made anew": lambda: (
        services.remove("b1"),
        SourceBook.objects.create(isbn="b1", title="Anew", price=1, version=7),
        services.put("b1", "Anew"),
    ),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
@pytest.mark.parametrize("place", PLACES[1:5])
@pytest.mark.parametrize("arrives", ["at once", "after the swap"])
def test_events_during_a_rebuild_count(
    feed: Feed,
    shelf: list[str],
    at: At,
    deliver: Deliver,
    place: str,
    deed: Callable[[], Any],
    arrives: str,
) -> None:
    rebuilding.run(feed)

    def happen() -> None:
        deed()
        if arrives == "at once" and "before" not in place:
            deliver()

    at(place, happen)
    rebuilding.run(feed)
    deliver()
    assert here() == there()
    assert staged() == 0


def test_a_delete_that_arrives_between_export_and_commit_of_a_page_counts(
    feed: Feed, shelf: list[str], at: At
) -> None:
    """The page still has the row; its delete has been fed before the page is stored."""

    def happen() -> None:
        with transaction.atomic():
            Book.receive(removed(2, "b1"))

    at("replica.exported", happen)
    rebuilding.run(feed)
    assert "b1" not in [row[0] for row in here()]


@pytest.mark.parametrize("place", ["replica.exported", "replica.after-page-commit"])
def test_a_change_that_arrives_meanwhile_counts_where_the_source_went_back_to_before_a_delete(
    feed: Feed, shelf: list[str], at: At, deliver: Deliver, place: str
) -> None:
    """A backup of the source was restored: of the delete at version 11 it knows nothing."""
    with transaction.atomic():
        Book.receive(removed(11, "b1"))
    SourceBook.objects.filter(isbn="b1").update(version=9)

    def happen() -> None:
        services.put("b1", "Changed")
        deliver()

    at(place, happen)
    rebuilding.run(feed)
    assert here() == there()
    assert not Tombstone.objects.exists()


@pytest.mark.parametrize("place", ["replica.exported", "replica.after-page-commit"])
def test_a_late_event_that_arrives_meanwhile_does_not_bring_back_what_was_deleted_before(
    feed: Feed, shelf: list[str], at: At, place: str
) -> None:
    with transaction.atomic():
        Book.receive(removed(11, "gone"))

    def happen() -> None:
        with transaction.atomic():
            Book.receive(changed(10, "gone"))

    at(place, happen)
    rebuilding.run(feed)
    assert here() == there()
    with transaction.atomic():
        Book.receive(changed(10, "gone"))
    assert here() == there()


@pytest.mark.parametrize("place", ["replica.exported", "replica.after-page-commit"])
def test_a_delete_that_arrives_meanwhile_counts_where_the_source_went_back(
    feed: Feed, shelf: list[str], at: At, deliver: Deliver, place: str
) -> None:
    """The row is here in a version that the restored source has not come to again."""
    with transaction.atomic():
        Book.receive(changed(10, "b1"))

    def happen() -> None:
        services.remove("b1")
        deliver()

    at(place, happen)
    rebuilding.run(feed)
    assert here() == there()


def test_a_row_made_anew_with_a_lower_version_is_back_after_a_rebuild(
    feed: Feed, shelf: list[str]
) -> None:
    with transaction.atomic():
        Book.receive(removed(50, "b1"))
        Book.receive(changed(1, "b1"))
    assert here() == []
    rebuilding.run(feed)
    assert here() == there()
    assert not Tombstone.objects.exists()


def test_of_a_row_that_is_twice_in_a_page_the_newer_counts(feed: Feed, db: None) -> None:
    class Twice:
        def books(self, cursor: str = "") -> contract.BookPage:
            price = contract.Price(amount=Decimal(1))
            rows = [
                contract.ExportedBook(
                    isbn="b1", title=f"v{version}", price=price, blurb=None, version=version
                )
                for version in (1, 3, 2)
            ]
            return contract.BookPage(rows=rows, next_cursor="")

        def authors(self, cursor: str = "") -> contract.AuthorPage:
            raise NotImplementedError

    with stand_in(contract.Press, Twice):
        rebuilding.run(feed)
    assert here() == [("b1", "v3", "1.00")]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("built_before", [False, True], ids=["first build", "rebuild"])
def test_a_death_anywhere_loses_nothing_and_shows_nothing_half_done(
    feed: Feed,
    shelf: list[str],
    at: At,
    deliver: Deliver,
    place: str,
    built_before: bool,
) -> None:
    if built_before:
        rebuilding.run(feed)
        services.put("b1", "Changed")
        services.remove("b2")
        services.put("b9", "New")
    before = here()

    def die() -> None:
        raise Killed

    at(place, die)
    with pytest.raises(Killed):
        rebuilding.run(feed)
    is_over = place == "replica.after-swap-commit"
    assert Book.is_ready() == (built_before or is_over)
    assert here() == (there() if is_over else before)
    if built_before and place == "replica.before-start-commit":
        rebuilding.start(feed)  # nobody knows that it was asked for
    resume(feed)
    deliver()
    assert here() == there()
    assert Book.is_ready()
    assert staged() == 0


def test_after_a_death_it_goes_on_with_the_page_that_is_next(
    feed: Feed, shelf: list[str], at: At
) -> None:
    def die() -> None:
        raise Killed

    at("replica.after-page-commit", die)
    with pytest.raises(Killed):
        rebuilding.run(feed)
    build = Build.objects.get()
    assert (build.pages, build.rows, build.cursor, build.is_running) == (1, 3, "b3", True)
    resume(feed)
    assert Build.objects.get().pages == 3


def test_two_rebuilds_at_once_are_refused(feed: Feed, shelf: list[str]) -> None:
    rebuilding.start(feed)
    with pytest.raises(AlreadyRebuilding, match=r"library\.Book is being rebuilt: 0 pages"):
        rebuilding.start(feed)
    resume(feed)
    assert rebuilding.start(feed) == 2


def test_who_lost_the_rebuild_writes_nothing(feed: Feed, shelf: list[str], at: At) -> None:
    rebuilding.start(feed)
    paused = rebuilding.claim(feed)
    assert paused is not None
    successor: list[Any] = []

    def take_over() -> None:  # while the first worker sleeps with a page in its hands
        successor.append(rebuilding.claim(feed))
        rebuilding.advance(feed, successor[0])

    at("replica.exported", take_over)
    with pytest.raises(LostClaim):
        rebuilding.advance(feed, paused)
    assert Build.objects.get().pages == 1
    with pytest.raises(LostClaim):
        rebuilding.note_failure(feed, paused, RuntimeError("late"))
    while rebuilding.advance(feed, successor[0]):
        pass
    assert here() == there()


def test_a_source_that_refuses_its_own_cursor_is_asked_from_the_beginning(
    feed: Feed, shelf: list[str]
) -> None:
    rebuilding.start(feed)
    held = rebuilding.claim(feed)
    assert held is not None
    rebuilding.advance(feed, held)
    Build.objects.update(cursor="refused")
    with pytest.raises(contract.UnknownCursor) as refusal:
        rebuilding.advance(feed, held)
    assert rebuilding.note_failure(feed, held, refusal.value) == 1
    build = Build.objects.get()
    assert (build.cursor, build.rows, staged()) == ("", 0, 0)
    assert "UnknownCursor" in build.error
    resume(feed)
    assert here() == there()
    assert Build.objects.get().error == ""


def test_a_cursor_that_does_not_move_is_told(feed: Feed, db: None) -> None:
    class Stuck:
        def books(self, cursor: str = "") -> contract.BookPage:
            return contract.BookPage(rows=[], next_cursor="same")

        def authors(self, cursor: str = "") -> contract.AuthorPage:
            raise NotImplementedError

    with stand_in(contract.Press, Stuck), pytest.raises(SourceFault, match="'same'"):
        rebuilding.run(feed)


def test_a_null_for_a_column_that_takes_none_is_told_with_its_key(
    feed: Feed, shelf: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Book._meta.get_field("note")
    monkeypatch.setattr(note, "null", False)
    with pytest.raises(ValueError, match=r"library\.Book\.note is None at b1"):
        rebuilding.run(feed)


def test_the_swap_writes_only_what_differs(feed: Feed, shelf: list[str], at: At) -> None:
    rebuilding.run(feed)
    services.put("b1", "Changed")
    services.remove("b2")
    services.put("b9", "New")
    rebuilding.start(feed)
    held = rebuilding.claim(feed)
    assert held is not None
    while not Build.objects.get().is_exported:
        rebuilding.advance(feed, held)
    assert tables.merge(feed, held.number) == {"added": 1, "changed": 1, "removed": 1}
