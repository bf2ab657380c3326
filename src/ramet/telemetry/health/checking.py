"""Checks, and asking them all within bounded time.

Each runs in a thread of its own: a database that hangs keeps that thread, and nobody else. While it
hangs it is not asked again, so that no threads and connections pile up.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from ramet.system import probes

__all__ = [
    "LONGEST",
    "Check",
    "Outcome",
    "Status",
    "add",
    "ask_all",
    "degraded",
    "failed",
    "forget",
    "passed",
]

log = structlog.get_logger("ramet.telemetry")

Status = Literal["pass", "warn", "fail"]

LONGEST = probes.LONGEST
"""Seconds that an answer waits for the checks; what is not known by then is not well."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How something is: "pass", "warn" (the process does without it) or "fail" (it cannot).

    `text` says why, without hosts, users or secrets: those are for the log.
    """

    status: Status
    text: str = ""


def passed() -> Outcome:
    """It is well."""
    return Outcome("pass")


def degraded(text: str) -> Outcome:
    """It is not well, and the process does without it."""
    return Outcome("warn", text)


def failed(text: str) -> Outcome:
    """It is not well, and the process can do nothing without it."""
    return Outcome("fail", text)


class Check:
    """One thing to look at. `ask` may take long and may raise; both mean the status `unwell`."""

    def __init__(self, name: str, ask: Callable[[], Outcome], unwell: Status = "fail") -> None:
        self.name = name
        self._ask = ask
        self._unwell: Status = unwell
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._since: float | None = None
        self._outcome = Outcome(unwell, "not looked at yet")

    def begin(self) -> None:
        """Look, in another thread, unless one is still looking."""
        with self._lock:
            if self._since is not None:
                return
            self._since = time.monotonic()
            self._done.clear()
        threading.Thread(target=self._run, name=f"health-{self.name}", daemon=True).start()

    def outcome(self, until: float) -> Outcome:
        """What was found; waits for it until this moment of `time.monotonic()`."""
        if self._done.wait(max(0.0, until - time.monotonic())):
            return self._outcome
        with self._lock:
            since = self._since
        if since is None:
            return self._outcome
        return Outcome(self._unwell, f"no answer for {time.monotonic() - since:.1f} s")

    def _run(self) -> None:
        try:
            self._outcome = self._ask()
        except BaseException as error:
            log.warning("health.check_failed", check=self.name, exc_info=error)
            self._outcome = Outcome(self._unwell, "the check failed; the log says why")
        finally:
            with self._lock:
                self._since = None
                self._done.set()


Checks = Callable[[], list[Check]]

_factories: dict[str, Checks] = {}
_checks: list[Check] | None = None
_making = threading.Lock()


def add(name: str, checks: Checks) -> None:
    """Have every process look at what `checks()` returns, called once, when it is first asked."""
    _factories[name] = checks
    forget()


def ask_all() -> dict[str, Outcome]:
    """The outcome of every check by its name, at most LONGEST seconds from now."""
    global _checks
    with _making:
        if _checks is None:
            _checks = [each for make in _factories.values() for each in make()]
        checks = _checks
    until = time.monotonic() + LONGEST
    for each in checks:
        each.begin()
    return {each.name: each.outcome(until) for each in checks}


def forget() -> None:
    """For a fork, where the parent's threads are not, and for tests."""
    global _checks, _making
    _checks, _making = None, threading.Lock()


os.register_at_fork(after_in_child=forget)
