"""A dashboard that a shop has told much, and a browser."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import chromium
from tests.dashboard.running import Dashboard, running
from tests.dashboard.shop_like import Shop


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with running() as started:
        shop = Shop(time.time_ns())
        shop.live(minutes=14, purchases=30, visits=80, baskets=25)
        started.fill(shop)
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.started() as started:
        yield started
