"""The publisher's process: does what the benchmark writes to its standard input, line by line.

`fill N` publishes N things to do, committed when it answers. `lone N` publishes one after the other
to a system at rest, and answers the seconds from each commit to the commit of its effect.
"""

import json
import os
import random
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import django
from django.db import transaction

BATCH = 100
PATIENCE = 10.0
"""Seconds for which one effect is waited for."""

Send = Callable[[Sequence[dict[str, Any]]], None]


def main(name: str) -> None:
    """Answer every line until standard input ends."""
    django.setup()
    send: Send = {
        "ramet": _ramet,
        "celery": _celery,
        "procrastinate": _procrastinate,
        "django_tasks": _django_tasks,
    }[name]()
    for line in sys.stdin:
        deed, number = line.split()
        answer = {"fill": _fill, "lone": _lone}[deed](send, int(number))
        print(json.dumps(answer), flush=True)


def _fill(send: Send, count: int) -> int:
    for start in range(0, count, BATCH):
        with transaction.atomic():
            send([_sale(each) for each in range(start, min(count, start + BATCH))])
    return count


def _lone(send: Send, count: int) -> list[float]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(os.environ["BENCH_WATCH"])
        told.settimeout(PATIENCE)
        try:
            return [_one(send, told) for _ in range(count)]
        finally:
            os.unlink(os.environ["BENCH_WATCH"])


def _one(send: Send, told: socket.socket) -> float:
    committed: list[float] = []
    with transaction.atomic():
        # First, so that the clock runs while the others tell of the commit.
        transaction.on_commit(lambda: committed.append(time.monotonic()))
        send([_sale(1, watched=True)])
    (effect,) = struct.unpack("d", told.recv(8))
    time.sleep(random.uniform(0.02, 0.04))  # back to rest, in step with nothing
    return float(effect - committed[0])


def _sale(amount: int, *, watched: bool = False) -> dict[str, Any]:
    return {"sale": str(uuid4()), "amount": amount, "watched": watched}


# -- How each of them is told ---------------------------------------------------------------------


def _ramet() -> Send:
    from uuid import UUID

    from till.events import Sold

    import ramet

    return lambda sales: ramet.publish(
        *(Sold(**{**each, "sale": UUID(each["sale"])}) for each in sales)
    )


def _celery() -> Send:
    import celery_app  # noqa: F401  makes the application
    from ledger.tasks_of_celery import write_down

    def send(sales: Sequence[dict[str, Any]]) -> None:
        for each in sales:
            write_down.delay_on_commit(**each)

    return send


def _procrastinate() -> Send:
    from ledger.tasks import write_down

    return lambda sales: write_down.batch_defer(*sales) and None


def _django_tasks() -> Send:
    from ledger.tasks import write_down

    def send(sales: Sequence[dict[str, Any]]) -> None:
        for each in sales:
            write_down.enqueue(**each)

    return send


if __name__ == "__main__":
    main(sys.argv[1])
