"""The bookshop on a real PostgreSQL: in one database without a broker, or as two services."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from ramet.replicas.declaration import Feed, feed_of
from ramet.replicas.model import rebuild_model
from tests.bookshop.library.models import Book
from tests.bookshop.press import services
from tests.bookshop.press.models import Book as SourceBook
from tests.conftest import Databases
from tests.integration.events.conftest import NatsServer, default_database
from tests.integration.events.conftest import nats_server as nats_server
from tests.unit.replicas.conftest import _placed as _placed

FOLDER = Path(__file__).parent
TABLES = (
    "press_book, press_author, library_book, library_book_rebuild, library_author,"
    " library_author_rebuild, ramet_replicas_build, ramet_replicas_tombstone,"
    " ramet_events_outbox, ramet_events_inbox, ramet_events_lease"
)


def make_database(postgres: Databases, blocker: DjangoDbBlocker, name: str) -> str:
    url = postgres.create_database(name)
    with blocker.unblock(), default_database(url):
        call_command("migrate", run_syncdb=True, verbosity=0)
        connection.close()
    return url


@pytest.fixture(scope="session")
def database_urls(postgres: Databases, django_db_blocker: DjangoDbBlocker) -> list[str]:
    return [make_database(postgres, django_db_blocker, each) for each in ("press", "library")]


@dataclass
class Bookshop:
    """Where its two services keep their tables, and the processes that a test has started."""

    press_url: str
    library_url: str
    environment: dict[str, str]
    root: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def press(self) -> AbstractContextManager[None]:
        return default_database(self.press_url)

    def library(self) -> AbstractContextManager[None]:
        return default_database(self.library_url)

    def worker(
        self, place: str = "nowhere", count: int = 1, services: str = "press,library"
    ) -> subprocess.Popen[bytes]:
        """A worker that dies at a place, of the same instance each time."""
        return self.start(
            "tests.integration.replicas.crashing", place, str(count), services=services
        )

    def start(self, *module: str, services: str, **environment: str) -> subprocess.Popen[bytes]:
        own = {
            "RAMET_SERVICES": services,
            "RAMET_INSTANCE": f"{services}-worker-1",
            "RAMET_DATABASE_URL": self.library_url if "library" in services else self.press_url,
        }
        self.processes.append(
            subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=self.root,
                env={**os.environ, **self.environment, **own, **environment},
                stdin=subprocess.PIPE,
            )
        )
        return self.processes[-1]

    def rows_there(self) -> list[Any]:
        with self.press():
            return list(SourceBook.objects.order_by("isbn").values_list("isbn", "title", "version"))

    def rows_here(self) -> list[Any]:
        with self.library():
            rows = Book.objects.order_by("isbn")
            return list(rows.values_list("isbn", "title", "replica_version"))

    def is_settled(self) -> bool:
        """Built, equal to the source, and nothing left of the rebuild."""
        if self.rows_here() != self.rows_there():
            return False
        with self.library():
            return Book.is_ready() and not rebuild_model(Book)._default_manager.exists()

    def shelve(self, number: int) -> None:
        """Books that press has, and of which nothing was ever told."""
        with self.press():
            SourceBook.objects.bulk_create(
                SourceBook(isbn=f"b{each:05}", title=f"Title {each}", price=each % 90 + 1)
                for each in range(number)
            )

    def put(self, isbn: str, title: str) -> None:
        with self.press():
            services.put(isbn, title)

    def remove(self, isbn: str) -> None:
        with self.press():
            services.remove(isbn)


def _clear(url: str) -> None:
    with default_database(url), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES}")


@pytest.fixture(scope="session")
def toml(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ramet.toml` where the folders of its apps are below it, as in a project."""
    folder = tmp_path_factory.mktemp("bookshop")
    (folder / "tests").symlink_to(root / "tests")
    (folder / "ramet.toml").write_text((FOLDER / "ramet.toml").read_text())
    return folder / "ramet.toml"


def _bookshop(
    press: str, library: str, root: Path, toml: Path, **environment: str
) -> Iterator[Bookshop]:
    for url in (press, library):
        _clear(url)
    shared = {
        "DJANGO_SETTINGS_MODULE": "tests.integration.replicas.settings",
        "RAMET_TOML": str(toml),
        "BOOKSHOP_PAGE": "20",
        **environment,
    }
    shop = Bookshop(press, library, shared, root)
    try:
        yield shop
    finally:
        for process in shop.processes:
            process.kill()
            process.wait()


@pytest.fixture
def monolith(
    database_urls: list[str], django_db_blocker: DjangoDbBlocker, root: Path, toml: Path
) -> Iterator[Bookshop]:
    """Both services in one process and one database."""
    with django_db_blocker.unblock():
        yield from _bookshop(database_urls[1], database_urls[1], root, toml)


@pytest.fixture
def two_services(
    database_urls: list[str],
    nats_server: NatsServer,
    django_db_blocker: DjangoDbBlocker,
    root: Path,
    toml: Path,
) -> Iterator[Bookshop]:
    """A process, a database and a socket each, with a broker between them."""
    with (
        tempfile.TemporaryDirectory(prefix="ramet-") as sockets,
        django_db_blocker.unblock(),
    ):
        yield from _bookshop(
            *database_urls,
            root,
            toml,
            RAMET_BROKER_URL=nats_server.url,
            RAMET_MESH_URL=f"unix:{sockets}/{{service}}.sock",
        )


@pytest.fixture
def feed() -> Feed:
    return feed_of(Book)


Eventually = Callable[..., Any]
