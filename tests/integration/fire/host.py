"""Forks processes of a service that die, stop or are cut off where they are told to.

A program of its own, driven by JSON lines: a test process must not be forked in the middle of its
work, and Django is set up once for hundreds of deaths. Each order runs in a fork too, so that what
a mutation removes is back for the next.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import django

django.setup()

import nats  # noqa: E402
from django.db import OperationalError, connections  # noqa: E402

from ramet import failpoints, telemetry  # noqa: E402
from ramet.events import inbox, pulse, relay, scheduled, sql  # noqa: E402
from ramet.events.brokers.nats import broker as nats_adapter  # noqa: E402
from ramet.events.brokers.nats.reception import Reception  # noqa: E402
from ramet.events.leases import Leases  # noqa: E402
from ramet.events.worker import Worker  # noqa: E402
from tests.integration.fire import mutations, overlapping, world  # noqa: E402
from tests.integration.sagas import host as sagas  # noqa: E402

WINDOW = 0.1
"""Seconds in which NATS drops doubles by itself, the shortest that it allows: what the inbox does
is in question here."""

LEASE = 0.6
"""Seconds, of those who sleep past it."""

URL = os.environ["FIRE_BROKER"]

_next = Reception.next


async def _impatient(self: Reception, wait: float) -> Any:
    return await _next(self, min(wait, 0.02))


# Only what would make hundreds of stops and takeovers slow.
for module, name, value in [
    (nats_adapter, "WINDOW", WINDOW),
    (inbox, "FIRST_CLEANING", 0.0),
    (inbox, "FIRST_PAUSE", 0.05),
    (relay, "BALANCING", 0.2),
    (scheduled, "LOOK", 0.02),
    (pulse, "STEP", 0.02),
    (Reception, "next", _impatient),
]:
    mutations.replace(module, name, value)


def doubt() -> None:
    """As when a connection breaks between a commit and its answer."""
    raise OperationalError("the answer was lost")


DEEDS: dict[str, Callable[[], None]] = {
    "die": world.die,
    "stop": sagas.stop,
    "cut": sagas.cut,
    "doubt": doubt,
}


def fork(work: Callable[[], int]) -> int:
    """Run `work` in a child that exits with what it returns."""
    connections.close_all()
    if pid := os.fork():
        return pid
    try:
        os._exit(work())
    except BaseException:  # noqa: BLE001 - the fork must not go on as the host
        traceback.print_exc()
        os._exit(4)


def serve(
    system: str,
    *,
    last: int,
    name: str = "worker-1",
    deed: str = "",
    place: str = "",
    deadly: bool = False,
    lease: float = 15.0,
    publishes: bool = True,
    hold: tuple[int, int] | None = None,
    handlers: list[str] = world.HANDLERS,
) -> Callable[[], int]:
    """A worker, and a caller that publishes, until all is settled: 0, else 3.

    It does `deed` when `place` is first reached, and goes on until the pipe `hold` is closed.
    """

    def work() -> int:
        os.environ["RAMET_INSTANCE"] = name
        world.behaviour["deadly"] = deadly
        todo, lock = [place], threading.Lock()

        def reached(where: str) -> None:
            if where not in todo:
                return
            with lock:
                is_first = where in todo
                todo[:] = []
            if is_first:
                DEEDS[deed]()

        failpoints.on_reached = reached
        leases = Leases(name, lease)
        pulse.every(0.1, leases.renew)
        broker = world.broker_of(URL, system) if system else None
        worker = Worker(world.loops(leases, broker, handlers=handlers))
        worker.start()
        caller = threading.Thread(target=world.publish_up_to, args=[last if publishes else 0])
        caller.start()
        settled = world.until(lambda: world.is_settled(last))
        # A renewal comes when its time comes, a place of the end only after the stop.
        world.until(lambda: not todo or not deed, 3.0 if "renew" in place else 0.3)
        if hold is not None:
            reads, writes = hold
            os.close(writes)  # this process's own copy, or the pipe would never end
            os.read(reads, 1)
        worker.stop(5)
        if broker is not None:
            broker.close()
        return 0 if settled else 3

    return work


def crash(
    place: str, deed: str = "die", broker: bool = True, deadly: int = 0, last: int = 6
) -> dict[str, Any]:
    """Do `deed` at `place`, after some deaths in a handler; then start once more, and settle."""
    world.wipe()
    system = f"fire-{uuid4().hex[:8]}" if broker else ""
    deaths = [sagas.wait(fork(serve(system, last=4, deadly=True))) for _ in range(deadly)]
    first = sagas.wait(fork(serve(system, last=4, deed=deed, place=place)))
    time.sleep(WINDOW)  # the window itself: until then NATS would hide what the inbox does
    second = sagas.wait(fork(serve(system, last=last)))
    return {"deaths": deaths, "first": first, "second": second, **world.report()}


def pause(place: str, broker: bool = True) -> dict[str, Any]:
    """Stop a worker at `place` until another has taken over and done all that it can; then let it
    wake. `settled` is whether that was all there is.

    Only a worker that is stopped in a handler has handlers: else any of them might be in hand too.
    """
    world.wipe()
    system = f"fire-{uuid4().hex[:8]}" if broker else ""
    world.publish_up_to(4)
    in_handler = place.startswith("inbox.")
    sleeper = fork(
        serve(
            system,
            last=4,
            name="one",
            lease=LEASE,
            publishes=False,
            deed="stop",
            place=place,
            handlers=world.HANDLERS if in_handler else [],
        )
    )
    os.waitpid(sleeper, os.WUNTRACED)
    waits, goes_on = os.pipe()
    second = fork(serve(system, last=6, name="two", lease=LEASE, hold=(waits, goes_on)))
    settled = world.until(lambda: world.is_settled(6), 4 * LEASE if in_handler else 15)
    before = _position()
    os.kill(sleeper, signal.SIGCONT)
    first = sagas.wait(sleeper)
    world.until(lambda: world.is_settled(6))
    after = _position()
    os.close(goes_on)
    return {
        "settled": settled,
        "first": first,
        "second": sagas.wait(second),
        "positions": [before, after],
        "sent": _sent(system) if broker else None,
        **world.report(),
    }


def outlive() -> dict[str, Any]:
    """Two workers share handlers of which each takes longer than two leases."""
    world.wipe()
    system = f"fire-{uuid4().hex[:8]}"
    world.behaviour["slow"] = 2.5 * LEASE
    world.publish_up_to(1)
    workers = [
        fork(serve(system, last=1, name=name, lease=LEASE, publishes=False))
        for name in ("one", "two")
    ]
    return {
        "exits": [sagas.wait(pid) for pid in workers],
        "longest": world.behaviour["slow"],
        "lease": LEASE,
        **world.report(),
    }


def publish(last: int) -> dict[str, Any]:
    """Publish from the beginning and leave it to others."""
    world.wipe()
    sql.run("DELETE FROM ramet_events_inbox")
    world.publish_up_to(last)
    return {}


def _position() -> str:
    found = sql.rows("SELECT position FROM ramet_events_lease WHERE name = 'receive/fire'")
    return str(found[0][0]) if found else ""


def _sent(system: str) -> int:
    """How many messages the system's stream has, doubles included."""

    async def count() -> int:
        client = await nats.connect(URL)
        state = (await client.jsm().stream_info(f"{system}-events")).state
        await client.close()
        return state.messages

    return asyncio.run(count())


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "crash": crash,
    "pause": pause,
    "outlive": outlive,
    "overlap": overlapping.overlap,
    "publish": publish,
    "report": world.report,
    "saga": sagas.crash,
}


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    """Run an order in a fork of its own, without the mechanism that it names."""
    reads, writes = os.pipe()

    def work() -> int:
        try:
            with mutations.without(order.pop("without", None)):
                answer = COMMANDS[order.pop("command")](**order)
        except Exception:  # noqa: BLE001 - the test shows it
            answer = {"error": traceback.format_exc()}
        with os.fdopen(writes, "w") as stream:
            json.dump(answer, stream)
        return 0

    pid = fork(work)
    os.close(writes)
    with os.fdopen(reads) as stream:
        told = stream.read()
    sagas.wait(pid)
    found: dict[str, Any] = json.loads(told) if told else {"error": "the order's process ended"}
    return found


def main() -> None:
    telemetry.configure("fire", "worker")
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
