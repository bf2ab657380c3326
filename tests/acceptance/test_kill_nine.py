"""`kill -9` of each process in turn while orders are under way: every order still ends well."""

import os
import signal
import time
from typing import Any

import pytest
import requests

from tests.acceptance.invariants import assert_invariants
from tests.acceptance.running_shop import RunningShop


@pytest.mark.timeout(600)
def test_each_process_can_be_killed_during_a_purchase(shop: RunningShop) -> None:
    sku = shop.with_stock(1000)
    shop.token()
    victims = [(p["service"], p["role"]) for p in shop.processes() if p["role"] != "dashboard"]
    assert {role for _, role in victims} >= {"web", "worker", "gateway", "postgres"}
    placed = 0
    for victim in victims:
        orders = [shop.place((sku, 1)), shop.place((sku, 1), payment_token="tok_flaky")]
        killed = _kill(shop, victim)
        orders += _place_as_soon_as_possible(shop, sku)
        for order in orders:
            end = shop.settled(order, within=60)
            assert end["status"] == "confirmed", f"after kill -9 of {victim}: {end}"
        placed += len(orders)
        _restarted(shop, victim, killed)
    assert shop.product(sku)["stock"] == 1000 - placed
    assert_invariants(shop)


def _kill(shop: RunningShop, victim: tuple[str, str]) -> int:
    pid = int(_find(shop, victim)["pid"])
    os.kill(pid, signal.SIGKILL)
    return pid


def _find(shop: RunningShop, victim: tuple[str, str]) -> dict[str, Any]:
    return next(p for p in shop.processes() if (p["service"], p["role"]) == victim)


def _place_as_soon_as_possible(shop: RunningShop, sku: str) -> list[str]:
    """An order that the customer sends again, with the same key, until the shop has taken it."""
    key, deadline = os.urandom(8).hex(), time.monotonic() + 30
    while True:
        try:
            answer = shop.order((sku, 1), key=key)
            if answer.status_code == 202:
                return [answer.json()["id"]]
            problem = f"{answer.status_code} {answer.text}"
            assert answer.status_code in {500, 502, 503, 504}, problem
        except requests.ConnectionError as error:
            problem = str(error)
        assert time.monotonic() < deadline, f"no order was taken within 30 s: {problem}"
        time.sleep(0.2)


def _restarted(shop: RunningShop, victim: tuple[str, str], killed: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        found = _find(shop, victim)
        if found["pid"] != killed and found["state"] == "running":
            return
        assert time.monotonic() < deadline, f"{victim} was not restarted within 30 s: {found}"
        time.sleep(0.2)
