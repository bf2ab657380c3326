"""Faults on calls: a test says how a call goes wrong, and the caller meets what it would meet.

A fault takes the place of the way to the callee and back. All that the caller does by itself stays:
arguments are checked and encoded, a call inside a transaction is refused, errors are decoded.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ramet.calls import context, protocol
from ramet.calls.client import _Stub
from ramet.calls.errors import DeadlineExceeded, RemoteError, Unavailable
from ramet.calls.operations import Operation
from ramet.calls.refusals import Refused
from ramet.telemetry.tracing import Working
from ramet.testing.misuse import misuse
from ramet.testing.naming import Named, operations_of, seconds_of

__all__ = ["Calls", "Fault", "faults"]

Send = Callable[[float], bytes]
"""Makes the call for real, with this deadline on the clock of `time.monotonic`."""
Deed = Callable[[Operation, Send, float], bytes]


class Fault:
    """One fault that a test has asked for; as a context manager, it ends with its block."""

    def __init__(self, operations: frozenset[str], deed: Deed, times: int | None) -> None:
        self._operations, self._deed, self._times = operations, deed, times
        self._lock = threading.Lock()
        self.met = 0
        """How many calls have met it."""

    def end(self) -> None:
        """Let calls through again. A second time does nothing."""
        with self._lock:
            self._times = 0

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _takes(self, operation: Operation) -> bool:
        """Whether this call meets the fault; then it is counted."""
        with self._lock:
            if operation.full_name not in self._operations or self._times == 0:
                return False
            self._times = None if self._times is None else self._times - 1
            self.met += 1
            return True


class Calls:
    """The fixture `calls`: faults and counts of all calls of this process, wherever they go.

    `times`: how many calls meet the fault, None for all until the test ends. Of several faults the
    one that was asked for last is met. Faults on a contract concern all its operations. Raises
    DiagnosticError for what is no operation.
    """

    def __init__(self, spend: Callable[[float], None] = lambda seconds: None) -> None:
        """`spend` is told the seconds that a slow call took by the test's clock."""
        self._spend = spend
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._made: Counter[str] = Counter()

    def refuse(self, what: Named, refusal: Refused, *, times: int | None = None) -> Fault:
        """The callee says a business "no": nothing has happened there."""
        if not isinstance(refusal, Refused):
            raise misuse(
                "not-a-refusal",
                "calls.refuse()",
                found=repr(refusal),
                expected="an instance of a subclass of ramet.Refused",
                remedy='write calls.refuse(Products.reserve, OutOfStock(sku="SPADE"))',
            )

        def deed(operation: Operation, send: Send, limit: float) -> bytes:
            body = protocol.encode_error(refusal)
            raise protocol.decode_error(protocol.http_status(refusal), body, operation)

        return self._add("calls.refuse()", what, deed, times)

    def unavailable(self, what: Named, *, times: int | None = None) -> Fault:
        """The callee cannot be reached: nothing has happened there."""

        def deed(operation: Operation, send: Send, limit: float) -> bytes:
            raise Unavailable("the test has made it unavailable")

        return self._add("calls.unavailable()", what, deed, times)

    def lose_answer(self, what: Named, *, times: int | None = None) -> Fault:
        """The callee does its work, and the connection breaks before its answer arrives.

        The caller sees Unavailable, as when nothing has happened: it cannot know.
        """

        def deed(operation: Operation, send: Send, limit: float) -> bytes:
            send(limit)
            raise Unavailable("the test has lost the answer")

        return self._add("calls.lose_answer()", what, deed, times)

    def slow(self, what: Named, by: str, *, times: int | None = None) -> Fault:
        """The callee takes `by` ("2s") longer. Nobody waits for it; it counts all the same.

        The caller has that much less time; where it has less than that left, the callee does its
        work and the caller sees DeadlineExceeded. In a test with the fixture `clock`, the clock is
        advanced by what the caller has waited.
        """
        seconds = seconds_of(by, "calls.slow()")

        def deed(operation: Operation, send: Send, limit: float) -> bytes:
            left = limit - time.monotonic()
            try:
                if seconds < left:
                    return send(limit - seconds)
                try:
                    send(limit)
                except RemoteError as error:  # its answer comes too late as well
                    raise DeadlineExceeded("no answer within the deadline") from error
                raise DeadlineExceeded("no answer within the deadline")
            finally:
                self._wait(min(seconds, max(0.0, left)))

        return self._add("calls.slow()", what, deed, times)

    def count(self, what: Named) -> int:
        """How many calls were made so far, those that met a fault included."""
        names = operations_of(what, "calls.count()")
        with self._lock:
            return sum(self._made[name] for name in names)

    def heal(self) -> None:
        """End all faults."""
        for fault in self._faults:
            fault.end()

    def _add(self, where: str, what: Named, deed: Deed, times: int | None) -> Fault:
        if times is not None and (isinstance(times, bool) or times < 1):
            raise misuse(
                "fault-times",
                where,
                found=f"times={times!r}",
                expected="a whole number above 0, or None for every call",
                remedy="leave it out, or write times=1",
            )
        fault = Fault(operations_of(what, where), deed, times)
        with self._lock:
            self._faults.insert(0, fault)
        return fault

    def _wait(self, seconds: float) -> None:
        """Take what a call took from the time that its caller has for more of them."""
        outer = context.deadline.get()
        if outer is not None:
            context.deadline.set(outer - seconds)
        self._spend(seconds)

    def _meet(self, operation: Operation, send: Send, limit: float) -> bytes:
        with self._lock:
            self._made[operation.full_name] += 1
            faults = tuple(self._faults)
        for fault in faults:
            if fault._takes(operation):
                return fault._deed(operation, send, limit)
        return send(limit)


@contextmanager
def faults(calls: Calls) -> Iterator[Calls]:
    """Have every call of this process pass through `calls`."""
    way = _Stub._send

    def send(
        stub: _Stub,
        operation: Operation,
        body: bytes,
        key: str | None,
        limit: float,
        span: Working | None,
    ) -> bytes:
        return calls._meet(
            operation, lambda deadline: way(stub, operation, body, key, deadline, span), limit
        )

    _Stub._send = send  # type: ignore[method-assign, assignment]
    try:
        yield calls
    finally:
        _Stub._send = way  # type: ignore[method-assign]
