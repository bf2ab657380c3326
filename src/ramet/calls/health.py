"""How the services that this process calls are, as its own calls find them.

Nobody is asked for it: a probe of each of them by each process would be the more load the less well
they are, and would say less than the calls do.
"""

from __future__ import annotations

import time

from ramet.identity import keys
from ramet.placement import here
from ramet.telemetry.health import Check, Outcome, degraded, passed

__all__ = ["REMEMBERED", "answered", "checks", "expect_tokens"]

REMEMBERED = 60.0
"""Seconds for which the last failure makes a service degraded, unless a call succeeds before."""

_expects_tokens = False

_AWAY = frozenset({"unavailable", "deadline_exceeded"})
_failures: dict[str, tuple[float, str]] = {}
"""By service: when its last call failed so that it may be away, and with what code."""


def answered(service: str, code: str) -> None:
    """A call of `service` has ended with `code`."""
    if code in _AWAY:
        _failures[service] = (time.monotonic(), code)
    elif service in _failures:
        _failures.pop(service, None)


def expect_tokens() -> None:
    """This process serves requests: have the issuer's keys fetched before it is ready.

    Else the first customers of a new process wait for them, and are refused where that fails.
    """
    global _expects_tokens
    _expects_tokens = True


def checks() -> list[Check]:
    """The services that are called, and the issuer's keys. This process does without both."""
    return [Check("calls", _calls, "warn"), Check("keys", _keys, "warn")]


def _calls() -> Outcome:
    now = time.monotonic()
    away = [
        f"{service} ({code}, {now - since:.0f} s ago)"
        for service, (since, code) in sorted(_failures.copy().items())
        if now - since < REMEMBERED
    ]
    return degraded(f"the last call failed: {', '.join(away)}") if away else passed()


def _keys() -> Outcome:
    if _expects_tokens and here().system.gateway.issuer is not None:
        keys.prepare()
    if keys.are_missing():
        return degraded("the issuer's keys cannot be had, so no token can be verified")
    return passed()
