"""SIGKILL at every stage of a rebuild, and in the feed: the replica is whole in the end."""

import signal
from typing import Any

import pytest

from ramet.replicas import rebuilding
from ramet.replicas.declaration import Feed
from tests.integration.replicas.conftest import Bookshop, Eventually

BOUNDARIES = [
    "replica.before-start-commit",
    "replica.after-start-commit",
    "replica.exported",
    "replica.before-page-commit",
    "replica.after-page-commit",
    "replica.before-swap-commit",
    "replica.after-swap-commit",
    "replica.fed",
]
"""Every failpoint of replicas."""

IN_CI = {"replica.before-page-commit", "replica.before-swap-commit", "replica.fed"}
"""The others die in the long matrix, and without a process in the unit tests."""


def places() -> list[Any]:
    return [
        pytest.param(place, marks=[] if place in IN_CI else [pytest.mark.slow])
        for place in BOUNDARIES
    ]


@pytest.mark.parametrize("place", places())
def test_a_worker_that_is_killed_during_the_first_build_is_succeeded(
    monolith: Bookshop, eventually: Eventually, place: str
) -> None:
    monolith.shelve(70)
    monolith.put("b00002", "Changed before")
    # The second page is in the middle; the other places are reached once for this replica.
    count = 2 if "page" in place else 1
    assert monolith.worker(place, count).wait(60) == -signal.SIGKILL
    monolith.put("b00000", "Changed")
    monolith.put("new", "New")
    monolith.remove("b00001")
    monolith.remove("b00069")
    monolith.worker()
    eventually(monolith.is_settled, within=60, what="the replica equals its source")


@pytest.mark.timeout(300)  # seven processes start one after the other
def test_two_services_fill_feed_rebuild_and_survive(
    two_services: Bookshop, eventually: Eventually, feed: Feed
) -> None:
    shop = two_services
    shop.shelve(70)
    socket = shop.environment["RAMET_MESH_URL"].removeprefix("unix:").format(service="press")
    # 1. The source is away: the first build waits for it, and the replica is not ready.
    library = shop.worker(services="library")
    eventually(lambda: _failures(shop, feed) > 0, within=60, what="the export was tried")
    # 2. It comes: everything is here.
    shop.start("ramet.processes", "web", services="press", RAMET_SOCKET=socket)
    shop.worker(services="press")
    eventually(shop.is_settled, within=60, what="the first build")
    # 3. What happens there arrives here, deletes too.
    shop.put("b00000", "Changed")
    shop.remove("b00001")
    eventually(shop.is_settled, within=60, what="the changes have arrived")
    # 4. A worker dies in a rebuild; what happens meanwhile counts.
    library.kill()
    library.wait()
    with shop.library():
        rebuilding.start(feed)
    assert shop.worker("replica.after-page-commit", services="library").wait(60) == -signal.SIGKILL
    shop.put("b00002", "Changed while nobody was there")
    shop.remove("b00003")
    shop.remove("b00066")
    shop.worker(services="library")
    eventually(lambda: not _is_running(shop, feed) and shop.is_settled(), within=60)


def _failures(shop: Bookshop, feed: Feed) -> int:
    with shop.library():
        found = rebuilding.Build.objects.filter(pk=feed.label).first()
        return found.failures if found else 0


def _is_running(shop: Bookshop, feed: Feed) -> bool:
    with shop.library():
        return rebuilding.Build.objects.filter(pk=feed.label, is_running=True).exists()
