"""`manage.py ramet_replicas`: what it prints, and its exit codes."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

import ramet
from ramet.calls import stand_in
from ramet.replicas import rebuilding
from ramet.replicas.declaration import Feed
from ramet.replicas.management.commands import ramet_replicas
from ramet.replicas.models import Build
from tests.bookshop.library.models import Book
from tests.bookshop.press import contract, services

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    call_command("ramet_replicas", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_list_tells_how_far_each_replica_is(
    feed: Feed, shelf: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    author, book = run(capsys, "list")
    assert (book["state"], book["ready"], book["rows"]) == ("never_built", False, 0)
    rebuilding.start(feed)
    held = rebuilding.claim(feed)
    assert held is not None
    rebuilding.advance(feed, held)
    rebuilding.note_failure(feed, held, RuntimeError("no answer"))
    book = run(capsys, "list")[1]
    assert book["state"] == "rebuilding"
    assert book["rebuild"] == {
        "pages": 1,
        "rows": 3,
        "exported": False,
        "failures": 1,
        "error": "RuntimeError: no answer",
    }
    while rebuilding.advance(feed, held):
        pass
    book = run(capsys, "list")[1]
    assert (book["state"], book["ready"], book["rows"]) == ("ready", True, 7)
    Build.objects.update(built_with="by other code")
    assert run(capsys, "list")[1]["state"] == "outdated"
    call_command("ramet_replicas", "list")
    told = capsys.readouterr().out
    assert "library.Author: 0 rows from tests.bookshop.press.v1.Press.authors; never built" in told
    assert "its declaration has changed since" in told
    assert author["replica"] == "library.Author"


def test_a_rebuild_is_asked_for_and_left_to_the_worker(
    feed: Feed, shelf: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(capsys, "rebuild", "library.book", "--no-wait")
    assert (told["replica"], told["state"]) == ("library.Book", "rebuilding")
    with pytest.raises(CommandError) as error:
        call_command("ramet_replicas", "rebuild", "library.Book")
    assert error.value.returncode == 1
    assert "is being rebuilt" in str(error.value)


def test_a_replica_that_is_not_here_has_an_exit_code_of_its_own() -> None:
    with pytest.raises(CommandError) as error:
        call_command("ramet_replicas", "rebuild", "library.Film")
    assert error.value.returncode == ramet_replicas.NOT_HERE
    assert "library.Author, library.Book" in str(error.value)


def test_waiting_for_a_rebuild_tells_its_progress_and_ends_with_the_swap(
    feed: Feed,
    shelf: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[Any] = []

    def instead_of_sleeping(seconds: float) -> None:
        if not held:
            held.append(rebuilding.claim(feed))
        rebuilding.advance(feed, held[0])

    monkeypatch.setattr(ramet_replicas.time, "sleep", instead_of_sleeping)
    monkeypatch.setattr(ramet_replicas, "UNATTENDED", -1.0)
    call_command("ramet_replicas", "rebuild", "library.Book")
    told = capsys.readouterr()
    assert "2 pages with 6 rows are in" in told.out
    assert "7 rows from tests.bookshop.press.v1.Press.books; built " in told.out
    assert "does one run?" in told.err


def test_an_audit_exits_with_1_where_anything_differs(
    feed: Feed, shelf: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    rebuilding.run(feed)
    call_command("ramet_replicas", "audit", "library.Book", "--settle=0")
    expected = (
        "library.Book: 7 rows at the source; 0 missing, 0 surplus, 0 stale, 0 ahead, 0 differs\n"
    )
    assert capsys.readouterr().out == expected
    with connection.cursor() as cursor:
        cursor.execute("UPDATE library_book SET title = 'forged' WHERE isbn = 'b4'")
    with pytest.raises(SystemExit) as end:
        call_command("ramet_replicas", "audit", "library.Book", "--settle=0")
    assert end.value.code == 1
    assert "  differs b4 (title)\n" in capsys.readouterr().out


def test_an_audit_of_all_tells_of_those_that_were_never_built(
    feed: Feed, shelf: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    rebuilding.run(feed)
    with pytest.raises(SystemExit):
        call_command("ramet_replicas", "audit", "--settle=0")
    assert "library.Author: has never been built" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cursors", "told"),
    [
        (["same", "same"], "Press.books gave what cannot be used: "),
        ([], "Press.books failed: "),
    ],
    ids=["a fault of the source", "no answer"],
)
def test_an_audit_that_cannot_compare_one_tells_of_the_others_and_exits_with_2(
    feed: Feed,
    shelf: list[str],
    capsys: pytest.CaptureFixture[str],
    cursors: list[str],
    told: str,
) -> None:
    class Faulty(services.Export):
        def books(self, cursor: str = "") -> contract.BookPage:
            if not cursors:
                raise ramet.Unavailable("away")
            return contract.BookPage(rows=[], next_cursor=cursors.pop())

    with stand_in(contract.Press, Faulty), pytest.raises(CommandError) as error:
        call_command("ramet_replicas", "audit", "library.Book", "library.Author", "--settle=0")
    assert error.value.returncode == 2
    assert str(error.value).startswith("library.Book: tests.bookshop.press.v1." + told)
    assert "library.Author: 0 rows at the source" in capsys.readouterr().out


def test_an_audit_tells_of_a_row_that_no_column_takes(
    feed: Feed, shelf: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Book._meta.get_field("note"), "null", False)
    with pytest.raises(CommandError, match=r"library\.Book\.note is None at b1") as error:
        call_command("ramet_replicas", "audit", "library.Book", "--settle=0")
    assert error.value.returncode == 2
