"""The file is broken while the dashboard runs: pages say which, why, and what to do."""

import time

import pytest

from tests.dashboard.running import running
from tests.dashboard.shop_like import Shop


@pytest.fixture(scope="module")
def broken():
    with running() as dashboard:
        shop = Shop(time.time_ns())
        shop.live()
        dashboard.fill(shop)
        file = dashboard.folder / "telemetry.sqlite3"
        for suffix in ("", "-wal", "-shm"):
            path = file.with_name(file.name + suffix)
            with path.open("r+b") as content:
                content.write(b"\0" * path.stat().st_size)
        yield dashboard


@pytest.mark.parametrize("page", ["/", "/traces", "/logs", "/metrics", "/advice"])
def test_a_page_says_what_is_broken_and_what_to_do(broken, page):
    answer = broken.get(page)
    assert answer.status == 503
    assert str(broken.folder / "telemetry.sqlite3") in answer.text
    assert "Restart the dashboard" in answer.text
    assert "bug" not in answer.text


def test_pages_that_need_no_history_go_on(broken):
    assert broken.get("/mail").status == 200
    assert broken.get("/services").status == 200
