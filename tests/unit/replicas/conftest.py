"""The bookshop in one process on SQLite, and ways to deliver events and to look at the replica."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from ramet import failpoints
from ramet.events.brokers.shared_database import move
from ramet.events.heads import Heads
from ramet.events.inbox import work_off_one
from ramet.events.subscription import subscriptions
from ramet.events.surroundings import surroundings
from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.replicas.declaration import Feed, feed_of
from ramet.system import Gateway, Infrastructure, Service, System
from tests.bookshop.library.models import Book
from tests.bookshop.press import services
from tests.bookshop.press.models import Book as SourceBook

Row = tuple[str, str, str]


@pytest.fixture(autouse=True)
def _placed(tmp_path: Path) -> Iterator[None]:
    names = {name: (f"tests.bookshop.{name}",) for name in ("press", "library")}
    system = System(
        name="bookshop",
        settings="tests.settings",
        services={name: Service(name, apps=apps) for name, apps in names.items()},
        gateway=Gateway(),
        infrastructure=Infrastructure(),
        path=tmp_path / "ramet.toml",
    )
    here = Here(
        system=system,
        services=frozenset(names),
        group="monolith",
        environment=Environment.read({}, system),
    )
    with override_settings(RAMET=here):
        yield


@pytest.fixture
def feed() -> Feed:
    return feed_of(Book)


@pytest.fixture
def deliver() -> Callable[[], int]:
    """Bring every published event to its handlers, as a worker does; how many were worked off."""
    return _deliver


def _deliver() -> int:
    move(surroundings())
    heads, count = Heads([each.handler for each in subscriptions()]), 0
    while (outcome := work_off_one(heads)) is not None:
        assert outcome == 0, "a handler failed"
        count += 1
    return count


@pytest.fixture
def shelf(db: None) -> list[str]:
    """Seven books at press, of which nothing has been told: their events are gone."""
    isbns = [f"b{number}" for number in range(1, 8)]
    for isbn in isbns:
        services.put(isbn, f"Title {isbn}")
    from ramet.events.models import Outbox

    Outbox.objects.all().delete()
    return isbns


def here() -> list[Row]:
    """What the library has."""
    found = Book.objects.order_by("isbn").values_list("isbn", "title", "price")
    return [(isbn, title, str(price)) for isbn, title, price in found]


def there() -> list[Row]:
    """What press has."""
    found = SourceBook.objects.order_by("isbn").values_list("isbn", "title", "price")
    return [(isbn, title, str(price)) for isbn, title, price in found]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], Any]], None]:
    """`at(place, deed)`: do that once, when execution is first there."""

    def arrange(place: str, deed: Callable[[], Any]) -> None:
        waiting = [place]

        def reached(where: str) -> None:
            if where in waiting:
                waiting.remove(where)
                deed()

        monkeypatch.setattr(failpoints, "on_reached", reached)

    return arrange
