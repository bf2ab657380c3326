"""Runs one operation for one call, the same way for a caller in process and for one over HTTP.

Bytes in, bytes out, and nothing but RemoteError escapes: that is what makes both alike.
"""

import logging
import uuid
from contextvars import copy_context

import msgspec
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.utils import timezone, translation

from ramet.calls import context
from ramet.calls.errors import (
    DeadlineExceeded,
    Forbidden,
    InvalidArgument,
    InvalidResult,
    RemoteError,
    RemoteFault,
    TooLarge,
    Unavailable,
    Unimplemented,
)
from ramet.calls.operations import Operation
from ramet.calls.refusals import Refused
from ramet.telemetry import deeds

__all__ = ["execute"]

# Errors of a call that the operation itself made: its mistake, none of its caller's.
_OWN_MISTAKES = (InvalidArgument, InvalidResult, TooLarge, Unimplemented)


def execute(operation: Operation, implementation: type, body: bytes, key: str | None) -> bytes:
    """Run the operation on the encoded arguments and return the encoded answer.

    The context must hold the caller's identity and the deadline. The operation runs in a copy of
    it, under the project's language and time zone: neither a request's, nor what the operation
    leaves there, crosses a wire. Raises RemoteError only; a bug's own text goes to the log, under
    the id that the caller gets.
    """
    return copy_context().run(_execute, operation, implementation, body, key)


def _execute(operation: Operation, implementation: type, body: bytes, key: str | None) -> bytes:
    # Set, not asked for first: to find nothing set takes Django longer.
    translation.activate(settings.LANGUAGE_CODE)
    timezone.activate(timezone.get_default_timezone())
    context.running.set(context.Running(operation))
    try:
        arguments = operation.decode_arguments(body)
        if key is None or not operation.atomic:
            answer = _run(operation, implementation, arguments)
        else:
            from ramet.calls import idempotency  # has a model: not importable before Django is up

            answer = idempotency.once(
                operation, arguments, key, lambda: _run(operation, implementation, arguments)
            )
    except Refused:
        raise
    except RemoteError as error:
        if error.operation is not None and isinstance(error, _OWN_MISTAKES):
            raise _fault(operation) from error
        raise
    except PermissionDenied as error:
        deeds.tell("refused", reason=str(error))
        raise Forbidden(str(error) or "permission denied") from error
    except (OperationalError, InterfaceError) as error:
        if _is_late():
            raise DeadlineExceeded("waiting for the database took too long") from error
        _logger().warning("%s: the database failed", operation.full_name, exc_info=True)
        raise Unavailable("the database of the callee does not answer") from error
    except Exception as error:
        raise _fault(operation) from error
    if _is_late():
        raise DeadlineExceeded("the operation finished after its deadline")
    return answer


def _run(operation: Operation, implementation: type, arguments: msgspec.Struct) -> bytes:
    method = getattr(implementation(), operation.name)
    return operation.encode_result(operation.apply(method, arguments))


def _logger() -> logging.Logger:
    # Not at import: this module may be imported before Django has configured logging, which by
    # default silences every logger that exists by then.
    return logging.getLogger("ramet.calls")


def _is_late() -> bool:
    left = context.remaining()
    return left is not None and left < 0


def _fault(operation: Operation) -> RemoteFault:
    """Log the exception at hand with its traceback; the caller learns only where to look."""
    error_id = uuid.uuid4().hex
    _logger().error(
        "%s failed (%s)",
        operation.full_name,
        error_id,
        exc_info=True,
        extra={"error_id": error_id, "operation": operation.full_name},
    )
    return RemoteFault(error_id=error_id)
