"""An order placed through the whole shop, as services and as the monolith

The shop of this repository, started by `ramet up` in each placement: gateway, PostgreSQL, and as
services five web processes and their workers, and NATS. Customers place orders
of one line through the gateway; the clock runs from the first request until the last order is
confirmed, with stock reserved and money captured. Processor time is that of all processes of the
system, less what they spend at rest; it holds on a busy machine, orders a second do not. Takes
about a minute and a half.
"""

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import requests

from benchmarks.figures import Figure
from tests.acceptance.running_shop import RunningShop

FIGURES = (
    Figure("services_over_monolith", "processor time, services / monolith", "x", "at most", 3),
    Figure("orders_per_second", "orders as services", "/s"),
    Figure("orders_per_second_monolith", "orders in the monolith", "/s"),
    Figure("ms_per_order", "processor time of an order as services", "ms"),
    Figure("ms_per_order_monolith", "processor time of an order in the monolith", "ms"),
)

CUSTOMERS = 4
ORDERS = 100
WARM_UP = 20
REST = 3.0  # seconds
PATIENCE = 90.0  # seconds


def main() -> dict[str, Any]:
    """Measure both placements, one after the other."""
    services, monolith = _measure("services"), _measure("monolith")
    return {
        "services": services,
        "monolith": monolith,
        "services_over_monolith": round(services["ms"] / monolith["ms"], 2),
        "orders_per_second": services["per_second"],
        "orders_per_second_monolith": monolith["per_second"],
        "ms_per_order": services["ms"],
        "ms_per_order_monolith": monolith["ms"],
    }


def _measure(placement: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="ramet-bench-") as folder:
        shop = RunningShop(Path(folder) / "shop", placement)
        shop.prepare()
        try:
            shop.up()
            skus = [shop.with_stock(1000) for _ in range(CUSTOMERS)]
            _place(shop, skus, WARM_UP)
            processes = _processes(shop)
            at_rest = _processor_seconds(processes)
            time.sleep(REST)
            at_rest = (_processor_seconds(processes) - at_rest) / REST
            spent = _processor_seconds(processes)
            seconds = _place(shop, skus, ORDERS)
            spent = _processor_seconds(_processes(shop)) - spent - at_rest * seconds
        finally:
            shop.down()
            shop.forget()
    return {"per_second": round(ORDERS / seconds, 1), "ms": round(spent / ORDERS * 1000, 1)}


def _place(shop: RunningShop, skus: list[str], count: int) -> float:
    """Seconds until so many orders are confirmed."""
    token, before = shop.token(), _confirmed(shop)

    def customer(sku: str) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            for number in range(count // CUSTOMERS):
                answer = session.post(
                    f"{shop.url}/api/v1/orders/",
                    json={"lines": [{"sku": sku, "quantity": 1}], "payment_token": "tok_ok"},
                    headers={"Idempotency-Key": f"{sku}-{before}-{number}"},
                    timeout=30,
                )
                assert answer.status_code == 202, f"{answer.status_code} {answer.text}"

    began = time.monotonic()
    with ThreadPoolExecutor(CUSTOMERS) as customers:
        list(customers.map(customer, skus))
    while _confirmed(shop) < before + count:
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError(f"{_confirmed(shop) - before} of {count} orders were confirmed")
        time.sleep(0.05)
    return time.monotonic() - began


def _confirmed(shop: RunningShop) -> int:
    ((count,),) = shop.sql("orders", "SELECT count(*) FROM orders_order WHERE status = 'confirmed'")
    return int(count)


def _processes(shop: RunningShop) -> set[psutil.Process]:
    """All of the system, with PostgreSQL's backends and whatever else they have started."""
    roots = [psutil.Process(each["pid"]) for each in shop.processes() if each["pid"]]
    return {each for root in roots for each in (root, *root.children(recursive=True))}


def _processor_seconds(processes: set[psutil.Process]) -> float:
    """From the scheduler's account in nanoseconds, as `times` counts ticks of 10 ms."""
    spent = 0
    for process in processes:
        for file in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
            try:
                spent += int(file.read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue  # a thread that ended since
    return spent / 1e9


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
