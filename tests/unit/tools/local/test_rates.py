"""Rates come from what the processes share, whoever of them still lives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ramet.calls.metrics import CLIENT
from ramet.telemetry.metrics import instruments
from ramet.telemetry.middleware import REQUESTS
from ramet.tools.local.rates import Rates


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    instruments.use_folder(tmp_path / "orders", "test")
    yield tmp_path / "orders"
    instruments.use_folder(None, "test")


def test_what_was_done_in_between_is_a_rate(folder: Path) -> None:
    found = Rates([folder, folder.with_name("missing")])
    REQUESTS.record(0.1, "orders", "GET", "/", "200")  # before: it is in no rate
    found.read(100.0)
    for status in ("200", "404", "503", "500"):
        REQUESTS.record(0.1, "orders", "GET", "/", status)
    for code in ("ok", "unavailable", "failed_precondition"):
        CLIENT.record(0.1, "orders", "products", "Products/reserve", code)
    found.read(110.0)
    assert found.as_json() == {
        "orders": {"requests": 0.4, "failed_requests": 0.2, "calls": 0.0, "failed_calls": 0.0},
        "products": {"requests": 0.0, "failed_requests": 0.0, "calls": 0.3, "failed_calls": 0.1},
    }


def test_before_the_first_reading_nothing_is_known() -> None:
    assert Rates([]).as_json() == {}
