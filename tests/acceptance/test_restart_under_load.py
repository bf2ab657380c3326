"""SIGTERM under load: every service is restarted while orders flow, and no customer notices."""

import threading
import uuid

import pytest
import requests

from tests.acceptance.invariants import assert_invariants
from tests.acceptance.running_shop import RunningShop
from tests.conftest import eventually

CUSTOMERS = 2


@pytest.mark.timeout(300)
def test_a_restart_of_every_service_refuses_no_order_and_loses_none(shop: RunningShop) -> None:
    sku = shop.with_stock(5000)
    shop.token()
    answers: list[requests.Response | Exception] = []
    stop = threading.Event()

    def buy() -> None:
        while not stop.wait(0.4):
            try:
                answers.append(shop.order((sku, 1), key=str(uuid.uuid4())))
            except requests.RequestException as error:
                answers.append(error)

    customers = [threading.Thread(target=buy, daemon=True) for _ in range(CUSTOMERS)]
    for customer in customers:
        customer.start()
    before = {process["name"]: process["pid"] for process in shop.processes()}
    try:
        for group in shop.status()["groups"]:
            shop.ramet("restart", group)
        # As many again from the new processes alone.
        seen = len(answers)
        eventually(lambda: len(answers) > seen + 10, within=30, what="orders after the restarts")
    finally:
        stop.set()
        for customer in customers:
            customer.join(30)
    after = {process["name"]: process["pid"] for process in shop.processes()}
    kept = {"postgres", "nats", "envoy", "dashboard"}
    assert not [name for name in before.keys() - kept if after[name] == before[name]]

    refused = [
        answer
        for answer in answers
        if not isinstance(answer, requests.Response) or answer.status_code != 202
    ]
    assert not refused, [getattr(answer, "text", answer) for answer in refused]
    assert seen > 3, "hardly an order was placed during the restarts: this proves nothing"
    ids = {answer.json()["id"] for answer in answers if isinstance(answer, requests.Response)}
    for order in ids:
        assert shop.settled(order, within=60)["status"] == "confirmed"
    assert_invariants(shop)
    placed = shop.sql(
        "orders",
        "SELECT l.order_id FROM orders_line l WHERE l.sku = '" + sku + "'",
    )
    assert {str(order) for (order,) in placed} == ids
