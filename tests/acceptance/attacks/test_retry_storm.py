"""A service that fails is not finished off by retries; the fine print is in integration/gateway."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.attacks.attacked_shop import AttackedShop

CALLERS = 30
ROUNDS = 5


@pytest.mark.parametrize("failure", ["hangs-up", "503"])
def test_thirty_callers_make_no_storm(shop: AttackedShop, failure: str) -> None:
    path = f"/probe/{failure}/{uuid.uuid4()}"

    def caller(_: int) -> list[int]:
        return [shop.call("GET", path, user=None).status_code for _ in range(ROUNDS)]

    with ThreadPoolExecutor(CALLERS) as callers:
        statuses = [status for each in callers.map(caller, range(CALLERS)) for status in each]
    assert set(statuses) == {503}
    assert CALLERS * ROUNDS <= _reached(shop, path) <= 1.2 * CALLERS * ROUNDS


@pytest.mark.parametrize(("method", "most"), [("GET", 2), ("POST", 1)])
def test_a_lone_caller_reaches_it_twice_at_most(shop: AttackedShop, method: str, most: int) -> None:
    path = f"/probe/hangs-up/{uuid.uuid4()}"
    assert shop.call(method, path, user=None).status_code == 503
    assert _reached(shop, path) == most


def _reached(shop: AttackedShop, path: str) -> int:
    return [one["target"] for one in shop.arrived()].count(path)
