"""The three questions, answered from the checks: at most once a second, however many ask."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ramet.telemetry.health.checking import Outcome, Status, ask_all, passed

__all__ = ["FRESH", "Health", "forget", "live", "ready", "started", "watch_life"]

FRESH = 1.0
"""Seconds for which an answer holds."""

_WORST: tuple[Status, ...] = ("pass", "warn", "fail")


@dataclass(frozen=True, slots=True)
class Health:
    """The answer to one question, with the outcomes that it rests on."""

    status: Status
    checks: Mapping[str, Outcome] = field(default_factory=dict)

    @classmethod
    def of(cls, checks: Mapping[str, Outcome]) -> Health:
        """As bad as the worst of them."""
        statuses = [outcome.status for outcome in checks.values()]
        return cls(max(statuses, key=_WORST.index, default="pass"), checks)


class _State:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ready: tuple[float, Health] | None = None
        self.has_started = False


_state = _State()
_life: dict[str, Callable[[], Outcome]] = {}


def watch_life(name: str, ask: Callable[[], Outcome]) -> None:
    """Have `live` ask this, too. It must answer at once, and ask nothing outside the process: what
    a new process would not mend is no reason to start one."""
    _life[name] = ask


def live() -> Health:
    """Whether the process works at all."""
    return Health.of({name: ask() for name, ask in _life.items()})


def ready() -> Health:
    """Whether the process can do its work now."""
    with _state.lock:  # one looks, the others wait for what it finds
        known = _state.ready
        if known is None or time.monotonic() - known[0] > FRESH:
            health = Health.of(ask_all())
            known = _state.ready = (time.monotonic(), health)
            _state.has_started |= health.status != "fail"
        return known[1]


def started() -> Health:
    """Whether the process has been ready once; from then on it has."""
    return Health.of({"started": passed()}) if _state.has_started else ready()


def forget() -> None:
    """For a fork, which has lived for no time yet, and for tests."""
    global _state
    _state = _State()
    _life.clear()


os.register_at_fork(after_in_child=forget)
