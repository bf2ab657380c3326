"""One running shop for each placement, shared by the tests of all modules.

What one module leaves in it is there for the next: a test counts its own orders and products, and
repairs what it breaks. Who needs a shop of its own overrides the fixture, as `abuse/` does.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.chromium import chromium, context, page
from tests.acceptance.running_shop import RunningShop

__all__ = ["chromium", "context", "page"]

_HERE = Path(__file__).parent
_ALONE = {"test_nemesis", "test_quickstart"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """The nemesis lasts as long as it is asked to: its timeout is what comes before and after."""
    if item.path.stem == "test_nemesis":
        seconds = item.config.getoption("--nemesis-seconds")
        item.add_marker(pytest.mark.timeout(seconds + 360))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those with a shop of their own go first: a shared one would take its share beside them."""
    items.sort(key=lambda item: _HERE in item.path.parents and item.path.stem not in _ALONE)


@pytest.fixture(scope="session", params=["services", "monolith"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningShop]:
    """The shop, up; pytest runs every test of one placement before those of the next."""
    folder = tmp_path_factory.mktemp("shop") / "shop"
    with RunningShop(folder, request.param).running() as shop:
        yield shop
