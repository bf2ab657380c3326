"""One running shop for each placement, shared by the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.acceptance.running_shop import RunningShop


def pytest_itemcollected(item: pytest.Item) -> None:
    """The nemesis lasts as long as it is asked to: its timeout is what comes before and after."""
    if item.path.stem == "test_nemesis":
        seconds = item.config.getoption("--nemesis-seconds")
        item.add_marker(pytest.mark.timeout(seconds + 360))


@pytest.fixture(scope="module", params=["services", "monolith"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningShop]:
    """The shop, up; when the module is done it is taken down."""
    folder = tmp_path_factory.mktemp("shop") / "shop"
    with RunningShop(folder, request.param).running() as shop:
        yield shop
