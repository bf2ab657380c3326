"""Whether the broker can be reached, and whether this process's worker works.

A web process needs no broker: what it publishes waits in the outbox. A worker without one is not
ready, so that no deployment replaces a worker that works by one with a wrong address.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from ramet.events.surroundings import surroundings
from ramet.telemetry.health import Check, Outcome, degraded, failed, passed
from ramet.telemetry.health.questions import watch_life

__all__ = ["LONGEST_SILENCE", "checks", "watch"]

LONGEST_SILENCE = 60.0
"""Seconds without a pulse after which a worker is as good as dead. The pulse comes twice a second,
also while the database is away; only a hung connection holds it up."""

_PORTS = {"nats": 4222, "kafka": 9092, "redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}
_PATIENCE = 1.0
"""Seconds for all servers of a cluster, less than a check has: that one of them hangs must not hide
that another answers, nor that none does."""

_has_worker = False


def checks() -> list[Check]:
    """The broker, where there is one that is no database."""
    url = surroundings().broker_url or ""
    scheme, _, rest = url.partition("://")
    if scheme not in _PORTS:
        return []
    servers = [urlsplit(f"//{each}") for each in rest.split("/")[0].rpartition("@")[2].split(",")]
    return [Check("broker", lambda: _broker(servers, _PORTS[scheme]), "warn")]


def watch(silence: Callable[[], float], dead: Callable[[], list[str]]) -> None:
    """Have this process's health tell of its worker: the seconds since its pulse, and the names of
    loops whose threads have ended."""
    global _has_worker
    _has_worker = True

    def life() -> Outcome:
        if names := dead():
            return failed(f"ended: {', '.join(names)}")
        if (seconds := silence()) > LONGEST_SILENCE:
            return failed(f"no pulse for {seconds:.0f} s")
        return passed()

    watch_life("worker", life)


def _broker(servers: list[SplitResult], port: int) -> Outcome:
    patience = _PATIENCE / len(servers)
    if any(_answers(each.hostname or "localhost", each.port or port, patience) for each in servers):
        return passed()
    return (failed if _has_worker else degraded)("no server of it answers")


def _answers(host: str, port: int, patience: float) -> bool:
    try:
        socket.create_connection((host, port), timeout=patience).close()
    except OSError:
        return False
    return True


def _begin_anew() -> None:
    """In a fork: the parent's worker is not here."""
    global _has_worker
    _has_worker = False


os.register_at_fork(after_in_child=_begin_anew)
