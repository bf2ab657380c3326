"""What is wrong with a declaration is told at once, all of it; what is right becomes two tables."""

from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ProjectState
from django.test.utils import isolate_apps

import ramet
from ramet.errors import DiagnosticError
from ramet.placement import here
from ramet.placement.manifest import build
from ramet.replicas import checks, declaration
from ramet.replicas.declaration import feed_of
from ramet.replicas.loop import ReplicaLoop, loops
from ramet.replicas.model import rebuild_model
from tests.bookshop.library.models import Author, Book
from tests.bookshop.press.contract import Press
from tests.bookshop.press.events import BookChanged, BookRemoved


class Good:
    upsert = BookChanged
    delete = BookRemoved
    export = Press.books
    version = "version"


def mistakes(model: type[ramet.Replica]) -> list[tuple[str, str]]:
    with pytest.raises(DiagnosticError) as error:
        feed_of(model)
    return [(each.reference, each.found) for each in error.value.mistakes]


def replica(source: type | None = Good, meta: type | None = None, **columns: Any) -> Any:
    """A class statement of these parts, in an isolated registry."""
    body: dict[str, Any] = {"__module__": "tests.bookshop.library.models", **columns}
    body.setdefault("isbn", models.CharField(max_length=20, primary_key=True))
    if source is not None:
        body["Source"] = source
    if meta is not None:
        body["Meta"] = meta
    with isolate_apps("tests.bookshop.library"):
        return type(models.Model)("Wrong", (ramet.Replica,), body)


def said(**changes: Any) -> type:
    return type("Source", (Good,), changes)


def test_a_replica_without_a_source() -> None:
    assert mistakes(replica(None)) == [("replica-source", "no class Source")]


def test_everything_that_is_missing_is_told_together() -> None:
    assert mistakes(replica(type("Source", (), {"atempts": 3}))) == [
        ("replica-source", "the unknown option atempts"),
        ("replica-source", "no upsert"),
        ("replica-source", "no delete"),
        ("replica-source", "no export"),
        ("replica-source", "no version"),
    ]


@pytest.mark.parametrize(
    ("changes", "reference", "found"),
    [
        ({"upsert": int}, "replica-event", "int, which is no event"),
        ({"delete": "BookRemoved"}, "replica-event", "BookRemoved, which is no event"),
        ({"delete": BookChanged}, "replica-event", "two events named BookChanged"),
        ({"export": len}, "replica-event", "something that is no operation of a contract"),
        ({"version": "revision"}, "replica-columns", "version = 'revision', which is not there"),
        ({"version": "title"}, "replica-columns", "version = 'title', which is no whole number"),
        ({"fields": {"titel": "title"}}, "replica-columns", "'titel', which is no column"),
        ({"fields": {"isbn": "price"}}, "replica-columns", "price of BookChanged, which has"),
        ({"fields": {"isbn": "blurb"}}, "replica-columns", "the key blurb of BookChanged"),
        ({"attempts": 0}, "replica-source", "0"),
    ],
)
def test_what_a_source_says_wrong(changes: dict[str, Any], reference: str, found: str) -> None:
    told = mistakes(replica(said(**changes)))
    assert (reference, True) in [(each, text.startswith(found)) for each, text in told], told


def test_a_column_that_nothing_feeds() -> None:
    told = mistakes(replica(colour=models.CharField(max_length=20)))
    assert told == [
        ("replica-columns", "no 'colour' in BookChanged for the column colour"),
        ("replica-columns", "no 'colour' in the rows of export for the column colour"),
    ]


def test_a_column_of_a_whole_record() -> None:
    (first, _) = mistakes(replica(price=models.DecimalField(max_digits=8, decimal_places=2)))
    assert first == (
        "replica-columns",
        "price of BookChanged, which has fields of its own, for price",
    )


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"isbn": models.CharField(max_length=20)}, "the key id, a BigAutoField"),
        ({"isbn": models.CharField(max_length=256, primary_key=True)}, "the key isbn of 256"),
        ({"isbn": models.CharField(primary_key=True)}, "the key isbn of any number of"),
        ({"isbn": models.TextField(primary_key=True)}, "the key isbn, a TextField"),
        ({"title": models.CharField(max_length=9, unique=True)}, "a unique constraint on title"),
        ({"title": models.ForeignKey(Author, models.CASCADE)}, "the relation title"),
        ({"meta": type("Meta", (), {"unique_together": [("isbn", "title")]})}, "a unique"),
        ({"objects": models.Manager()}, "the manager objects, whose querysets can write"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_that_cannot_be_a_replica(columns: dict[str, Any], found: str) -> None:
    columns.setdefault("title", models.CharField(max_length=9))
    told = mistakes(replica(**columns))
    assert ("replica-table", True) in [(each, text.startswith(found)) for each, text in told], told


def test_checks_tell_all_mistakes_of_all_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [
        replica(None),
        Book,
        replica(said(upsert=int, version="titel"), other=models.TextField()),
    ]
    monkeypatch.setattr(declaration, "replicas", lambda: wrong)
    found = checks.check_declarations()
    assert sorted({each.id for each in found if each.id}) == [
        "ramet.E030",
        "ramet.E031",
        "ramet.E032",
    ]
    assert all(each.hint for each in found)
    with pytest.raises(DiagnosticError):
        loops()  # so that no worker starts and silently does not feed it


def test_sound_replicas_pass_the_checks() -> None:
    assert [
        each for each in run_checks(tags=["ramet"]) if str(each.id).startswith("ramet.E03")
    ] == []


def test_a_constraint_on_a_replica_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with isolate_apps("tests.bookshop.library"):

        class Loan(models.Model):
            book = models.ForeignKey(Book, models.CASCADE, related_name="+")
            other = models.ForeignKey(
                Book, models.DO_NOTHING, db_constraint=False, related_name="+"
            )

            class Meta:
                app_label = "library"

    monkeypatch.setattr(apps, "get_models", lambda **_: [Loan])
    (found,) = checks.check_constraints()
    assert (found.id, found.obj.name) == ("ramet.E034", "book")


def test_a_constraint_of_a_many_to_many_on_a_replica_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with isolate_apps("tests.bookshop.library") as isolated:

        class Shelf(models.Model):
            books = models.ManyToManyField(Book, related_name="+")
            others = models.ManyToManyField(Book, db_constraint=False, related_name="+")

            class Meta:
                app_label = "library"

        monkeypatch.setattr(apps, "get_models", isolated.get_models)
        (found,) = checks.check_constraints()
    assert (found.id, found.obj.model, found.obj.name) == (
        "ramet.E034",
        Shelf.books.through,
        "book",
    )


def test_a_key_as_long_as_what_is_remembered_of_it_is_sound() -> None:
    feed_of(replica(isbn=models.CharField(max_length=255, primary_key=True)))


def test_migrations_make_two_ordinary_tables() -> None:
    detector = MigrationAutodetector(ProjectState(), ProjectState.from_apps(apps))
    operations = detector._detect_changes()["library"][0].operations
    made = {each.name: each for each in operations if isinstance(each, CreateModel)}
    assert {"Book", "BookRebuild", "Author", "AuthorRebuild"} == set(made)
    assert made["Book"].bases == made["BookRebuild"].bases == (models.Model,)
    columns = [name for name, _ in made["Book"].fields]
    assert sorted(columns) == sorted(name for name, _ in made["BookRebuild"].fields)
    assert not dict(made["BookRebuild"].fields)["title"].db_index


def test_a_long_table_name_leaves_room_for_the_second_table() -> None:
    name = "a" * 63
    made = replica(meta=type("Meta", (), {"db_table": name}))
    assert len(rebuild_model(made)._meta.db_table) == 63
    assert rebuild_model(made)._meta.db_table != name


def test_abstract_replicas_share_columns_and_are_none_themselves() -> None:
    with isolate_apps("tests.bookshop.library"):

        class Titled(ramet.Replica):
            title = models.TextField()

            class Meta:
                abstract = True

    assert "_ramet_rebuild" not in vars(Titled)


@pytest.mark.usefixtures("_placed")
def test_the_manifest_tells_whose_data_is_copied() -> None:
    found = build(here())["services"]["library"]["replicas"]["library.Book"]
    assert found == {
        "source": "press",
        "upsert": ["tests.bookshop.press.BookChanged.v1"],
        "delete": ["tests.bookshop.press.BookRemoved.v1"],
        "export": "tests.bookshop.press.v1.Press.books",
        "version": "version",
        "columns": {
            "isbn": "isbn",
            "title": "title",
            "price": "price.amount",
            "note": "blurb",
        },
    }


def test_a_process_with_replicas_has_one_loop_for_them() -> None:
    (loop,) = loops()
    assert isinstance(loop, ReplicaLoop)


def test_a_column_that_has_changed_its_source_is_another_declaration() -> None:
    first = feed_of(replica(title=models.TextField()))
    second = feed_of(replica(said(fields={"title": "blurb"}), title=models.TextField()))
    assert first.fingerprint == feed_of(replica(title=models.TextField())).fingerprint
    assert first.fingerprint != second.fingerprint
