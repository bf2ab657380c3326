"""Calling an operation as one of the services would: through the mesh, or past it.

Through the mesh the call leaves by the chosen caller's own socket, so that its certificate, its
rights, faults, time-outs and retries are what that service gets; what the mesh refuses is refused
here too. Past the mesh it goes to the callee's process, as nobody's call. Both sockets are open to
the user who runs the system, and to nobody else.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from ramet.tools.dashboard import unix_http

__all__ = ["Call", "Result", "call"]

_LARGEST_SHOWN = 100_000


@dataclass(frozen=True, slots=True)
class Call:
    """What to call. `caller` is a service, "" for none; `deadline` in seconds; `token` the user's
    access token, "" for nobody's; `key` an idempotency key or ""."""

    caller: str
    service: str
    group: str
    operation: str
    arguments: dict[str, Any]
    deadline: float
    is_idempotent: bool
    token: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer: HTTP `status`, 0 where there was none; `code` and `message` of an error.

    `text` is the answer's JSON, indented; `began` and `duration` are in nanoseconds.
    """

    status: int
    text: str
    duration: int
    trace_id: str
    span_id: str
    began: int
    code: str = ""
    message: str = ""

    @property
    def what(self) -> str:
        """What became of the call, in a word or two."""
        if self.status == 200:
            return "done"
        kinds = {
            "failed_precondition": "refused by the service",
            "permission_denied": "not allowed",
            "unauthenticated": "nobody signed in",
            "invalid_argument": "arguments not accepted",
        }
        return kinds.get(self.code, self.code or "no answer")

    @property
    def kind(self) -> str:
        """Of the badge: a business "no" is an answer, and no failure."""
        if self.status == 200:
            return "good"
        return "warn" if self.code == "failed_precondition" else "bad"


def call(run: Path, wanted: Call) -> Result:
    """Make the call by the sockets in the folder `run`, as the beginning of a trace of its own."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    milliseconds = max(1, int(wanted.deadline * 1000))
    headers = {
        "Content-Type": "application/json",
        "Connect-Protocol-Version": "1",
        "Connect-Timeout-Ms": str(milliseconds),
        "x-envoy-upstream-rq-timeout-ms": str(milliseconds + 1000),
        "x-ramet-service": wanted.service,
        "traceparent": f"00-{trace_id}-{span_id}-01",
        # Nothing but a UUID: Envoy keeps in it whether to trace, and traces no other request.
        "x-request-id": str(uuid4()),
        "User-Agent": "ramet-dashboard",
    }
    if wanted.is_idempotent:
        headers["x-ramet-idempotent"] = "1"
    if wanted.token:
        headers["Authorization"] = f"Bearer {wanted.token}"
    if wanted.key:
        headers["Idempotency-Key"] = wanted.key
    socket = f"{wanted.caller}.out.sock" if wanted.caller else f"{wanted.group}.web.sock"
    body = json.dumps(wanted.arguments, ensure_ascii=False).encode()
    began, counted = time.time_ns(), time.perf_counter_ns()
    try:
        answer = unix_http.ask(
            run / socket,
            "POST",
            f"/.ramet/calls/{wanted.operation}",
            body,
            headers,
            timeout=wanted.deadline + 5,
        )
    except OSError as error:
        duration = time.perf_counter_ns() - counted
        text = str(error) or type(error).__name__
        return Result(0, text, duration, trace_id, span_id, began, "unavailable", text)
    duration = time.perf_counter_ns() - counted
    status, text, code, message = _read(answer)
    return Result(status, text, duration, trace_id, span_id, began, code, message)


def _read(answer: unix_http.Answer) -> tuple[int, str, str, str]:
    """The status, the answer as text, and the code and the message of an error."""
    try:
        value = json.loads(answer.body)
        text = json.dumps(value, indent=2, ensure_ascii=False)
    except ValueError:
        value, text = {}, answer.body.decode("utf-8", "replace")
    error = value if answer.status != 200 and isinstance(value, dict) else {}
    code, message = str(error.get("code", "")), str(error.get("message", ""))
    return answer.status, text[:_LARGEST_SHOWN], code, message
