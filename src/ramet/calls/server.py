"""The WSGI application in front of Django's: it answers calls and health checks by itself.

A call needs no middleware, URL resolver or request object, which together cost more than the call;
everything else goes on to Django. Neither calls nor health are reachable through the gateway.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus
from typing import Any

from django.db import close_old_connections, connections
from structlog.contextvars import bind_contextvars, bound_contextvars, reset_contextvars

from ramet.calls import charsets, context, health, metrics, protocol, spans
from ramet.calls.caller import owner_of, service_in
from ramet.calls.contracts import contracts
from ramet.calls.errors import (
    DeadlineExceeded,
    InvalidArgument,
    RemoteError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from ramet.calls.execution import execute
from ramet.calls.ids import ids_in
from ramet.calls.implementations import implementation_of
from ramet.calls.operations import CALLS_PATH, Operation
from ramet.calls.transactions import connections_of_thread
from ramet.identity import InvalidToken, KeysUnavailable, bearer, current_token, use_token
from ramet.placement import here
from ramet.telemetry import endpoints, tracing
from ramet.telemetry.context_variable import CURRENT
from ramet.telemetry.metrics import saturation
from ramet.telemetry.propagation import with_baggage

__all__ = ["Operations"]

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGIApplication = Callable[[Environ, StartResponse], Iterable[bytes]]

_REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_LOOK_EVERY = 1.0  # second


class Operations:
    """Serves the operations of the services placed here, and what `telemetry.endpoints` answers.

    Wraps Django's WSGI application, which gets every other request, with Envoy's deadline
    (`x-envoy-expected-rq-timeout-ms`) and the request's ids in the context.
    """

    def __init__(self, django: WSGIApplication) -> None:
        health.expect_tokens()
        self._django = django
        self._served: dict[str, tuple[Operation, type]] | None = None
        self._thread = threading.local()
        # With CONN_MAX_AGE a number, a connection may be due for closing once the work is done.
        self._connections_end = any(
            database["CONN_MAX_AGE"] is not None for database in connections.settings.values()
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path in endpoints.PATHS:
            status, kind, body = endpoints.answer(path, environ.get("HTTP_ACCEPT", ""))
            return _answer(start_response, status, body, kind)
        saturation.BUSY.add(1, "web")
        try:
            if path.startswith(CALLS_PATH):
                return _answer(start_response, *self._call(path, environ))
            charsets.drop_unusable(environ)
            with bound_contextvars(**ids_in(environ)), _envoy_deadline(environ):
                return self._django(environ, start_response)
        finally:
            saturation.BUSY.add(-1, "web")

    def _call(self, path: str, environ: Environ) -> tuple[int, bytes]:
        foreign = _status_of_foreign(environ)
        if foreign is not None:
            expected = InvalidArgument("a call is a POST of application/json, uncompressed")
            return foreign, protocol.encode_error(expected)
        self._look_after_connections()
        ids = bind_contextvars(**ids_in(environ))
        try:
            return 200, self._run(path, environ)
        except RemoteError as error:
            if error.retryable:
                self._thread.looked = 0.0  # it may have been the database: look again at once
            return protocol.http_status(error), protocol.encode_error(error)
        except InvalidToken as error:
            return 401, protocol.encode_error(Unauthenticated(error.reason))
        except KeysUnavailable as error:
            return 503, protocol.encode_error(Unavailable(str(error)))
        finally:
            reset_contextvars(**ids)
            if self._connections_end:
                for connection in connections_of_thread():
                    connection.close_if_unusable_or_obsolete()

    def _look_after_connections(self) -> None:
        """Have Django check this thread's database connections, as at the start of a request.

        Once a second, and after a failure that may have been the database's: the check makes the
        next query ask the database whether it is there, which takes as long as a simple operation.
        """
        now = time.monotonic()
        if now - getattr(self._thread, "looked", 0.0) > _LOOK_EVERY:
            close_old_connections()
            self._thread.looked = now

    def _run(self, path: str, environ: Environ) -> bytes:
        """Run it as its caller's, within its trace."""
        started, caller = time.monotonic(), service_in(environ)
        try:
            operation, implementation = self._find(path)
        except Unimplemented as error:
            _count(started, caller, None, error.code)
            raise
        # Plainly set and reset: a context manager would be felt here.
        calling = context.calling_service.set(caller)
        try:
            with with_baggage(environ.get("HTTP_BAGGAGE")):
                span = spans.serving(operation, environ)
                current = None if span is None else tracing.attach(span)
                code = "ok"
                try:
                    return _execute(operation, implementation, environ)
                except BaseException as error:
                    code = _code_of(error)
                    if span is not None:
                        spans.fail(span, error)
                    raise
                finally:
                    _count(started, caller, operation, code)
                    if current is not None:
                        CURRENT.reset(current)
                    if span is not None:
                        span.end()
        finally:
            context.calling_service.reset(calling)

    def _find(self, path: str) -> tuple[Operation, type]:
        if self._served is None:
            self._served = _placed_operations()
        found = self._served.get(path)
        if found is None:
            raise Unimplemented(_what_is_known(path, self._served))
        return found


def _execute(operation: Operation, implementation: type, environ: Environ) -> bytes:
    """Run it within its deadline, for the user whose token came along."""
    body, key = _read(environ), environ.get("HTTP_IDEMPOTENCY_KEY")
    # Never more than the contract allows, as in process, whatever the caller says.
    seconds = min(_seconds(environ) or operation.deadline, operation.deadline)
    deadline = context.deadline.set(time.monotonic() + seconds)
    try:
        authorization = environ.get("HTTP_AUTHORIZATION")
        if authorization is None and current_token() is None:
            return execute(operation, implementation, body, key)
        with use_token(bearer.of_header(authorization or "")):
            return execute(operation, implementation, body, key)
    finally:
        context.deadline.reset(deadline)


def _code_of(error: BaseException) -> str:
    """Connect's code for how a call ends."""
    if isinstance(error, RemoteError):
        return error.code
    if isinstance(error, InvalidToken):
        return Unauthenticated.code
    if isinstance(error, KeysUnavailable):
        return Unavailable.code
    return "internal"


def _count(started: float, caller: str | None, operation: Operation | None, code: str) -> None:
    """Count one call; within its span, by which the slowest can be looked up."""
    callee = label = metrics.UNKNOWN
    if operation is not None:
        callee, label = owner_of(operation.module) or callee, operation.label
    seconds = time.monotonic() - started
    metrics.SERVER.record(seconds, caller or metrics.UNKNOWN, callee, label, code)


def _placed_operations() -> dict[str, tuple[Operation, type]]:
    """By path, the operations whose service lives here and is implemented."""
    place = here()
    served = {}
    for contract in contracts().values():
        service = place.service_of(contract.__module__)
        implementation = implementation_of(contract)
        if service is not None and place.has(service) and implementation is not None:
            for operation in contract.__ramet__.operations.values():
                served[operation.path] = (operation, implementation)
    return served


def _what_is_known(path: str, served: Iterable[str]) -> str:
    """Name what is nearest to an unknown path: operations, else versions, else contracts."""
    contract, _, name = path.removeprefix(CALLS_PATH).rpartition("/")
    known: dict[str, list[str]] = {}
    for each in served:
        owner, _, operation = each.removeprefix(CALLS_PATH).rpartition("/")
        known.setdefault(owner, []).append(operation)
    if contract in known:
        return f"{contract} has no operation {name}; it has {', '.join(sorted(known[contract]))}"
    others = sorted(each for each in known if _unversioned(each) == _unversioned(contract))
    if others:
        return f"{contract} is not served here; {', '.join(others)} is"
    return f"{contract} is not served here; known: {', '.join(sorted(known)) or 'no contract'}"


def _unversioned(contract: str) -> str:
    return re.sub(r"\.v\d+\.", ".", contract)


def _status_of_foreign(environ: Environ) -> int | None:
    """The HTTP status for a request that is no unary Connect call with JSON; None: it is one."""
    if environ["REQUEST_METHOD"] != "POST":
        return 405
    kind: str = environ.get("CONTENT_TYPE", "")
    if kind != "application/json" and kind.partition(";")[0].strip().lower() != "application/json":
        return 415
    return None if environ.get("HTTP_CONTENT_ENCODING", "identity") == "identity" else 415


def _seconds(environ: Environ) -> float | None:
    """The caller's deadline; None: it gave none. Connect allows up to ten digits."""
    text = environ.get("HTTP_CONNECT_TIMEOUT_MS")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise InvalidArgument(f"Connect-Timeout-Ms is not a number of milliseconds: {text[:20]}")
    if int(text) == 0:
        raise DeadlineExceeded("no time was left when the call arrived")
    return int(text) / 1000


def _read(environ: Environ) -> bytes:
    """The body, read up to the limit whether or not its length was announced."""
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced.isdigit() and int(announced) <= protocol.LARGEST_REQUEST:
        body: bytes = environ["wsgi.input"].read(int(announced))
        return body
    if not announced:
        body = environ["wsgi.input"].read(protocol.LARGEST_REQUEST + 1)
        if len(body) <= protocol.LARGEST_REQUEST:
            return body
    raise TooLarge(f"the arguments need more than {protocol.LARGEST_REQUEST} bytes on the wire")


def _envoy_deadline(environ: Environ) -> AbstractContextManager[None]:
    """The time that Envoy gives Django for a request; calls made meanwhile get no more."""
    milliseconds = environ.get("HTTP_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS", "")
    if not milliseconds.isdigit() or milliseconds == "0":  # Envoy's 0: no limit
        return nullcontext()
    return context.use_deadline(int(milliseconds) / 1000)


def _answer(
    start_response: StartResponse, status: int, body: bytes, kind: str = "application/json"
) -> list[bytes]:
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start_response(_REASONS[status], headers)
    return [body]
