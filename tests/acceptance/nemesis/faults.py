"""Every kind of fault: how it strikes, and how it is healed."""

from __future__ import annotations

import heapq
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import psutil
import psycopg

from tests.acceptance.nemesis import clocks
from tests.acceptance.nemesis.schedule import Fault
from tests.acceptance.nemesis.shaken_shop import ShakenShop, send

Heal = Callable[[], object]

RESTARTING = 90.0
"""Seconds after which `ramet restart` may say that it was not done: what it needs may be paused."""


class Nemesis:
    """Strikes `shop` as planned. `journal`: what really happened, in seconds since the start."""

    def __init__(self, shop: ShakenShop, planned: list[Fault]) -> None:
        self.shop, self.planned = shop, planned
        self.journal: list[str] = []
        self._began = 0.0
        self._heals: list[tuple[float, int, str, Heal]] = []
        self._restarts = ThreadPoolExecutor(4, thread_name_prefix="restart")
        self._restarting: list[tuple[str, Future[None]]] = []

    def rage(self, seconds: float) -> None:
        """Strike and heal as planned, for so many seconds; then heal everything that is left."""
        self._began = time.monotonic()
        try:
            for number, fault in enumerate(self.planned):
                self._wait_until(fault.at)
                heal = self._strike(fault)
                if heal is not None:
                    heapq.heappush(
                        self._heals, (fault.at + fault.lasts, number, f"end of {fault}", heal)
                    )
            self._wait_until(seconds)
        finally:
            self._heal_until(float("inf"))
            self.shop.clocks.heal()
            self.note("healed")

    def finish(self) -> None:
        """Wait for the restarts that were asked for and are not over."""
        self._restarts.shutdown(wait=True)
        for _, restart in self._restarting:
            restart.result()

    def known(self) -> list[str]:
        """What happened when, and what of it is not over."""
        waits = [
            f"restart of {target} is not over"
            for target, asked in self._restarting
            if not asked.done()
        ]
        return [*self.journal, *waits]

    def note(self, what: str) -> None:
        """Add a line to the journal."""
        self.journal.append(f"{time.monotonic() - self._began:6.1f}  {what}")

    def _wait_until(self, at: float) -> None:
        self._heal_until(at)
        _pause(at - (time.monotonic() - self._began))

    def _heal_until(self, at: float) -> None:
        while self._heals and self._heals[0][0] <= at:
            due, _, what, heal = heapq.heappop(self._heals)
            if at != float("inf"):
                _pause(due - (time.monotonic() - self._began))
            heal()
            self.note(what)

    def _strike(self, fault: Fault) -> Heal | None:
        strike = {
            "kill": self._kill,
            "pause": self._pause_process,
            "restart": self._restart,
            "kill zygote": lambda fault: self._kill_one(fault, self.shop.zygote(fault.target)),
            "kill fork server": lambda fault: self._kill_one(fault, self.shop.fork_server()),
            "terminate backends": self._terminate_backends,
            "drop": self._cut,
            "silence": self._cut,
            "refuse": self._cut,
            "postgres clock": self._move_clock,
            "worker clock": self._move_clock,
        }[fault.kind]
        self.note(str(fault))
        return strike(fault)

    def _kill(self, fault: Fault) -> None:
        self._kill_one(fault, self.shop.process(fault.target))

    def _kill_one(self, fault: Fault, process: psutil.Process | None) -> None:
        if process is None:
            self.note(f"{fault.target} does not run at the moment")
        else:
            send(process, signal.SIGKILL, to_children=False)

    def _pause_process(self, fault: Fault) -> Heal | None:
        process = self.shop.process(fault.target)
        if process is None:
            self.note(f"{fault.target} does not run at the moment")
            return None
        send(process, signal.SIGSTOP, to_children=True)
        return lambda: send(process, signal.SIGCONT, to_children=True)

    def _restart(self, fault: Fault) -> None:
        def restart() -> None:
            try:
                # What it says is of no account: what it needs may be away. It shall do no harm.
                self.shop.ramet("restart", fault.target, timeout=RESTARTING, check=False)
            except subprocess.TimeoutExpired:
                self.note(f"restart of {fault.target} took longer than {RESTARTING:g} s")

        self._restarting.append((fault.target, self._restarts.submit(restart)))

    def _terminate_backends(self, fault: Fault) -> Heal | None:
        """Again and again while it lasts: whoever comes back is cut off, too."""
        stop = threading.Event()

        def terminate() -> None:
            while True:
                self._terminate_once(fault.amount)
                if stop.wait(0.5):
                    return

        if not fault.lasts:
            self._terminate_once(fault.amount)
            return None
        thread = threading.Thread(target=terminate, name="terminate", daemon=True)
        thread.start()
        return stop.set

    def _terminate_once(self, share: float) -> None:
        for url in self.shop.state().get("databases", {}).values():
            try:
                # Each service's role may end what is its own.
                with psycopg.connect(url, connect_timeout=2, autocommit=True) as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                        " usename = current_user AND pid <> pg_backend_pid() AND random() < %s",
                        [share],
                    )
            except psycopg.OperationalError:
                continue  # it is away itself

    def _cut(self, fault: Fault) -> Heal | None:
        proxy = self.shop.proxy
        assert proxy is not None, "planned for a placement with a broker only"
        match fault.kind:
            case "drop":
                self.note(f"{proxy.drop()} connections reset")
            case "silence":
                self.note(f"{proxy.silence()} connections half-open")
            case _:
                proxy.refuse(True)
                return lambda: proxy.refuse(False)
        return None

    def _move_clock(self, fault: Fault) -> Heal:
        name = clocks.POSTGRES if fault.kind == "postgres clock" else fault.target
        self.shop.clocks.set(name, fault.amount)
        return lambda: self.shop.clocks.set(name, 0)


def _pause(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)  # the schedule itself: nothing is waited for


def seed_or_random(seed: int | None) -> int:
    """The seed asked for, or one of which nobody knows what it does."""
    return random.SystemRandom().randrange(10**6) if seed is None else seed
