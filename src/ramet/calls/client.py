"""`client`: an object of the contract's type whose methods make the calls.

Where the contract's service lives in this process, the call is made in process; else over HTTP.
What the caller can see is the same (rule 1 of the design): arguments and results are copied through
the wire encoding, the deadline counts, errors are the remote ones.
"""

import contextvars
import functools
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

from ramet.calls import context, health, metrics, protocol, spans
from ramet.calls.caller import making_service, owner_of
from ramet.calls.context import LONGEST_KEY
from ramet.calls.contracts import Contract
from ramet.calls.errors import (
    DeadlineExceeded,
    RemoteError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from ramet.calls.execution import execute
from ramet.calls.ids import ids_to_send
from ramet.calls.implementations import implementation_of
from ramet.calls.operations import Operation
from ramet.calls.transactions import refuse_inside_transaction
from ramet.errors import DiagnosticError, Mistake
from ramet.identity import InvalidToken, KeysUnavailable, current_token, verify
from ramet.placement import Here, here
from ramet.telemetry import tracing
from ramet.telemetry.context_variable import CURRENT
from ramet.telemetry.tracing import Working

__all__ = ["client", "client_of", "remote_address", "stub_of"]

_Contract = TypeVar("_Contract", bound=Contract)


def client(
    contract: type[_Contract],
    *,
    idempotency_key: str | None = None,
    inside_transaction: bool = False,
) -> _Contract:
    """Return an object to call the contract's operations with, wherever its service runs.

    Cheap: make one where it is needed. With `idempotency_key` (1 to 255 characters), an operation
    runs once for the key and the user, and repetitions get its answer; the steps of a saga get one
    by themselves. `inside_transaction=True` allows calls while a transaction is open, see
    CallInsideTransaction. Operations raise RemoteError, of which Refused is the business "no";
    TypeError for arguments that the contract does not have.
    """
    return client_of(
        contract,
        making_service(1),
        idempotency_key=idempotency_key,
        inside_transaction=inside_transaction,
    )


def client_of(
    contract: type[_Contract],
    caller: str | None,
    *,
    idempotency_key: str | None = None,
    inside_transaction: bool = False,
) -> _Contract:
    """`client` for a service that the stack does not show, such as the owner of a replica."""
    stub = stub_of(contract)
    if idempotency_key is None and not inside_transaction:
        plain = stub._plain.get(caller)
        if plain is None:
            plain = stub._plain[caller] = stub(caller, None, False)
        return cast("_Contract", plain)
    return cast("_Contract", stub(caller, idempotency_key, inside_transaction))


class _Stub:
    """What the clients of all contracts share: a call, from checked arguments to the result."""

    _contract: type[Contract]
    _plain: "dict[str | None, _Stub]"
    """By caller the client without a key, made once: it has nothing that a call could change."""
    _route: "tuple[Here, Callable[[str | None], str] | None] | None" = None
    """Where this process was when the way was looked up, and the address that a caller uses on it;
    None: in process."""

    def __init__(self, caller: str | None, key: str | None, inside: bool) -> None:
        self._caller = caller
        self._key = key
        self._inside = inside

    def _call(self, operation: Operation, arguments: msgspec.Struct) -> Any:
        if not self._inside:
            refuse_inside_transaction(
                operation.full_name, unless="ramet.client(..., inside_transaction=True)"
            )
        key = self._key
        if key is None:
            scope = context.idempotency_scope.get()
            if scope is not None:
                key = scope.next_key(operation.full_name)
        elif not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise ValueError(
                f"an idempotency key has 1 to {LONGEST_KEY} printable ASCII characters: {key!r}"
            )
        started = time.monotonic()
        limit = started + operation.deadline
        outer = context.deadline.get()
        if outer is not None and outer < limit:
            limit = outer
        code = "ok"
        span = spans.making(operation, self._caller, 2, may_be_inside=self._inside)
        try:
            body = operation.encode_arguments(arguments)
            if len(body) > protocol.LARGEST_REQUEST:
                raise TooLarge(f"the arguments need {len(body)} bytes on the wire")
            return operation.decode_result(self._send(operation, body, key, limit, span))
        except BaseException as error:
            if isinstance(error, RemoteError):
                error.operation = operation.full_name
                code = error.code
            if span is not None:
                spans.fail(span, error)
            raise
        finally:
            callee = owner_of(operation.module) or metrics.UNKNOWN
            seconds, caller = time.monotonic() - started, self._caller or metrics.UNKNOWN
            metrics.CLIENT.record(seconds, caller, callee, operation.label, code, span=span)
            health.answered(callee, code)
            if span is not None:
                span.end()

    def _send(
        self,
        operation: Operation,
        body: bytes,
        key: str | None,
        limit: float,
        span: Working | None,
    ) -> bytes:
        """The way of one call, by placement; ramet.testing puts its faults here."""
        address_for = self._way()
        if address_for is not None:
            return _call_over_http(operation, address_for(self._caller), body, key, limit, span)
        # Plainly set and reset: a context manager would be felt here.
        outer = context.calling_service.set(self._caller)
        token = None if span is None else tracing.attach(span)
        try:
            if self._inside:
                return _call_on_other_thread(self._contract, operation, body, key, limit)
            return _call_in_process(self._contract, operation, body, key, limit)
        finally:
            if token is not None:
                CURRENT.reset(token)
            context.calling_service.reset(outer)

    @classmethod
    def _way(cls) -> Callable[[str | None], str] | None:
        """What tells the address of the contract's service; None: it is in this process."""
        place = here()
        if cls._route is not None and cls._route[0] is place:
            return cls._route[1]
        service = place.service_of(cls._contract.__module__)
        if service is None:
            raise DiagnosticError(
                Mistake(
                    "contract-of-no-service",
                    cls._contract.__ramet__.full_name,
                    f"the module {cls._contract.__module__}",
                    "a contract that stands in an app of a service",
                    f"name the app among the apps of a service in {place.system.path.name}",
                )
            )
        way = None if place.has(service) else functools.partial(remote_address, place, service)
        cls._route = (place, way)
        return way


def remote_address(place: Here, service: str, caller: str | None) -> str:
    """Where `caller` calls a service that lives elsewhere. Unavailable where there is no way."""
    address = place.environment.mesh_url(service, caller)
    if address is None:
        raise Unavailable(
            f"no address of the service {service}, which does not live in this process: "
            "RAMET_MESH_URL is not set"
        )
    return address


_stubs: dict[type[Contract], type[_Stub]] = {}


def stub_of(contract: type[Contract]) -> type[_Stub]:
    """Return the class of the contract's clients, made when first asked for."""
    return _stubs.get(contract) or _make_stub(contract)


def _make_stub(contract: type[Contract]) -> type[_Stub]:
    methods: dict[str, Any] = {
        name: _make_method(operation) for name, operation in contract.__ramet__.operations.items()
    }
    attributes = {**methods, "_contract": contract}
    stub: type[_Stub] = type(f"{contract.__name__}Client", (_Stub,), attributes)
    stub._plain = {}
    _stubs[contract] = stub
    return stub


def _make_method(operation: Operation) -> Callable[..., Any]:
    def method(self: _Stub, /, *args: Any, **kwargs: Any) -> Any:
        try:
            arguments = operation.Arguments(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{operation.full_name}: {error}") from None
        return self._call(operation, arguments)

    method.__name__ = operation.name
    method.__qualname__ = operation.full_name
    method.__doc__ = operation.description
    return method


def _call_in_process(
    contract: type[Contract], operation: Operation, body: bytes, key: str | None, limit: float
) -> bytes:
    """Run the operation here, seeing what it would see on the other side of a wire."""
    implementation = implementation_of(contract)
    if implementation is None:
        raise Unimplemented(
            f"nothing in this process implements {contract.__ramet__.full_name}: "
            "no class in the app's services.py is decorated with @ramet.implements for it"
        )
    if limit <= time.monotonic():
        raise DeadlineExceeded("no time was left to call")
    token = current_token()
    if token is not None:
        try:
            verify(token)  # it may have expired since the caller's request began
        except InvalidToken as error:
            raise Unauthenticated(error.reason) from error
        except KeysUnavailable as error:
            raise Unavailable(str(error)) from error
    deadline = context.deadline.set(limit)
    scope = context.idempotency_scope.set(None)
    span = spans.serving(operation)
    current = None if span is None else tracing.attach(span)
    try:
        return execute(operation, implementation, body, key)
    except BaseException as error:
        if span is not None:
            spans.fail(span, error)
        if not isinstance(error, RemoteError):
            raise
        # A copy through the wire, like a result; the original stays visible in the traceback.
        encoded = protocol.encode_error(error)
        raise protocol.decode_error(protocol.http_status(error), encoded, operation) from error
    finally:
        if current is not None:
            CURRENT.reset(current)
        if span is not None:
            span.end()
        context.idempotency_scope.reset(scope)
        context.deadline.reset(deadline)


def _call_on_other_thread(
    contract: type[Contract], operation: Operation, body: bytes, key: str | None, limit: float
) -> bytes:
    """Run the operation here but on database connections of its own.

    The caller has a transaction open, in which the callee must not take part: over HTTP it could
    not. Waiting ends at the deadline, so that a callee which waits for the caller's locks cannot
    block both for ever.
    """
    outcome: list[bytes | BaseException] = []

    def run() -> None:
        from django.db import connections

        try:
            outcome.append(_call_in_process(contract, operation, body, key, limit))
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            outcome.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(run,), name=operation.full_name, daemon=True
    )
    thread.start()
    thread.join(max(0.0, limit - time.monotonic()))
    if not outcome:
        raise DeadlineExceeded("no answer within the deadline")
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _call_over_http(
    operation: Operation,
    address: str,
    body: bytes,
    key: str | None,
    limit: float,
    span: Working | None,
) -> bytes:
    from ramet.calls import transport  # libcurl is loaded by processes that call others only

    left = limit - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("no time was left to call")
    headers = [
        "Content-Type: application/json",
        "Connect-Protocol-Version: 1",
        f"Connect-Timeout-Ms: {max(1, int(left * 1000))}",
        # Envoy would else end it after a minute. A second later than the caller does: what runs out
        # of time in Envoy counts against the process that was asked.
        f"x-envoy-upstream-rq-timeout-ms: {int(left * 1000) + 1000}",
        f"x-ramet-service: {owner_of(operation.module)}",
        "Expect:",
    ]
    if operation.idempotent:
        headers.append("x-ramet-idempotent: 1")
    if key is not None:
        headers.append(f"Idempotency-Key: {key}")
    token = current_token()
    if token is not None:
        headers.append(f"Authorization: Bearer {token}")
    headers += [f"{name}: {value}" for name, value in ids_to_send(span).items()]
    status, answer = transport.post(
        address, operation.path, body, headers, seconds=left, repeatable=operation.idempotent
    )
    if status == 200:
        return answer
    raise protocol.decode_error(status, answer, operation)
