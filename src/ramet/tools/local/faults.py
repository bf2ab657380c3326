"""Fault switches as an operator states them: read, checked, and shown."""

from __future__ import annotations

import difflib
from typing import Any

from ramet.errors import DiagnosticError, Mistake
from ramet.system import Fault, System
from ramet.system.contracts import contracts
from ramet.system.faults import STATUSES

LONGEST_DELAY = 600_000
"""Milliseconds: longer than anything waits."""


def place(text: str | None) -> tuple[str | None, str]:
    """Service and operation of `products` or `products.reserve`; the operation may be ""."""
    service, _, operation = (text or "").partition(".")
    return service or None, operation


def read(service: str | None, operation: str, request: dict[str, Any]) -> Fault:
    """A fault from a request on the control socket. TypeError for one that names no service."""
    if service is None:
        raise TypeError("a fault is of a service")
    return Fault(
        service,
        operation,
        delay=int(request.get("delay", 0)),
        status=int(request.get("status", 0)),
        share=int(request.get("share", 100)),
        is_gone=request.get("gone") is True,
    )


def mistake(fault: Fault) -> Mistake | None:
    """What is wrong with a fault, if anything."""
    found = ""
    if not (fault.delay or fault.status or fault.is_gone):
        found, expected = "nothing that would happen", "a delay, a status, or gone"
    elif fault.is_gone and (fault.delay or fault.status or fault.share != 100):
        found, expected = "gone and something else", "one of them: nobody is there who could answer"
    elif fault.status and fault.status not in STATUSES:
        found, expected = f"status {fault.status}", f"one of {', '.join(map(str, STATUSES))}"
    elif not 0 <= fault.delay <= LONGEST_DELAY:
        found, expected = f"a delay of {fault.delay} ms", f"1 to {LONGEST_DELAY} ms"
    elif not 1 <= fault.share <= 100:
        found, expected = f"a share of {fault.share}%", "1% to 100%"
    if not found:
        return None
    return Mistake(
        reference="invalid-fault",
        where=fault.where,
        found=found,
        expected=expected,
        remedy="such as `ramet fault products --delay 2s --share 50%`",
    )


def operation_of(system: System, service: str, name: str) -> str:
    """The full name of a service's operation, of several versions the newest; "" for "".

    DiagnosticError where the service has none of that name.
    """
    if not name:
        return ""
    declared = [each for each in contracts(system) if each.service == service]
    found = [each for each in declared if name in each.operations]
    if found:
        newest = max(found, key=lambda each: each.version)
        return f"{newest.full_name}/{name}"
    known = sorted({operation for each in declared for operation in each.operations})
    close = difflib.get_close_matches(name, known, n=1)
    raise DiagnosticError(
        Mistake(
            reference="unknown-operation",
            where=f"{service}.{name}",
            found=f"no operation {name} of {service}",
            expected=f"one of {', '.join(known)}" if known else "a service with operations",
            remedy=f"did you mean {close[0]}?" if close else "name one of these",
        )
    )


def as_json(fault: Fault) -> dict[str, Any]:
    """For `status --json` and the dashboard; `where` and `what` are for people."""
    return {
        "service": fault.service,
        "operation": fault.operation,
        "delay": fault.delay,
        "status": fault.status,
        "share": fault.share,
        "gone": fault.is_gone,
        "where": fault.where,
        "what": fault.what,
    }
