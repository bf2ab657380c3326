"""Time as the shop got it: seconds in which others used the processors do not count in full.

A shared machine must not make a promise of seconds fail, nor a slow mend pass for a slow machine.
"""

from __future__ import annotations

import os
import threading
import time

import psutil

from tests.acceptance.nemesis.shaken_shop import ShakenShop

SLOWEST = 4.0
"""A second counts for a quarter at least."""

STEP = 0.5
"""Seconds between two looks."""


class OwnTime:
    """A clock that goes slower by the share of all processors that others than the shop used."""

    def __init__(self, shop: ShakenShop) -> None:
        self._shop = shop
        self._own = 0.0
        self._began = time.monotonic()
        self._stop = threading.Event()
        threading.Thread(target=self._watch, name="own time", daemon=True).start()

    def __call__(self) -> float:
        """Seconds since the beginning, as far as they were the shop's."""
        return self._own

    def end(self) -> str:
        """Stop; how much of the time that was, in words."""
        self._stop.set()
        return f"{self._own:.0f} of {time.monotonic() - self._began:.0f} s were the shop's own"

    def _watch(self) -> None:
        before, ours_before, all_before = time.monotonic(), self._ours(), _busy()
        while not self._stop.wait(STEP):
            now, ours, everybody = time.monotonic(), self._ours(), _busy()
            # By process: the time of one that ended meanwhile must not be taken off the others'.
            mine = sum(spent - ours_before.get(pid, 0.0) for pid, spent in ours.items())
            others = max(0.0, everybody - all_before - mine)
            share = 1 - others / (os.cpu_count() or 1) / (now - before)
            self._own += (now - before) * max(1 / SLOWEST, min(1.0, share))
            before, ours_before, all_before = now, ours, everybody

    def _ours(self) -> dict[int, float]:
        state = self._shop.state()
        roots = [os.getpid(), *(each["pid"] for each in state.get("system_processes", []))]
        found: dict[int, float] = {}
        for pid in roots:
            try:
                root = psutil.Process(pid)
                for process in (root, *root.children(recursive=True)):
                    spent = process.cpu_times()
                    found[process.pid] = spent.user + spent.system
            except psutil.NoSuchProcess:
                continue
        return found


def _busy() -> float:
    """Seconds of processor time that the whole machine has spent, or that its host has taken."""
    spent = psutil.cpu_times()
    return float(spent.user + spent.system + spent.nice + getattr(spent, "steal", 0.0))
