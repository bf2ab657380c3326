"""Errors on the wire: the unary rules of the Connect protocol, both ways.

https://connectrpc.com/docs/protocol#unary-response. An error is a JSON object `code`, `message`,
`details`; a detail is `type` and `value`, the latter base64 without padding. Where Connect's own
details hold protocol buffers, ours hold JSON, repeated readably under `debug`.
"""

import binascii
from base64 import b64decode, b64encode
from typing import Any

import msgspec

from ramet.calls.errors import (
    DeadlineExceeded,
    Forbidden,
    InvalidArgument,
    InvalidResult,
    RemoteError,
    RemoteFault,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from ramet.calls.operations import Operation
from ramet.calls.refusals import Refused, find_refusal

__all__ = ["LARGEST_REQUEST", "decode_error", "encode_error", "http_status"]

LARGEST_REQUEST = 1024 * 1024
"""Bytes that the arguments of a call may need on the wire."""

_STATUS = {
    "invalid_argument": 400,
    "failed_precondition": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "deadline_exceeded": 504,
    "unimplemented": 501,
    "unavailable": 503,
    "internal": 500,
    "data_loss": 500,
    # Connect says 429; a request that is too large will not fit later either, so 413 as in HTTP.
    "resource_exhausted": 413,
}
_BY_CODE: dict[str, type[RemoteError]] = {
    error.code: error
    for error in (
        DeadlineExceeded,
        Forbidden,
        InvalidResult,
        TooLarge,
        Unauthenticated,
        Unavailable,
        Unimplemented,
    )
}
# What an answer means that is not one of ours, such as a proxy's; the table of Connect.
_BY_STATUS: dict[int, type[RemoteError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: Unimplemented,
    413: TooLarge,
    429: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


class _Detail(msgspec.Struct):
    type: str
    value: str
    debug: Any = None


class _Error(msgspec.Struct, omit_defaults=True):
    code: str
    message: str = ""
    details: list[_Detail] = []


_decode = msgspec.json.Decoder(_Error).decode


def http_status(error: RemoteError) -> int:
    """Return the HTTP status that goes with an error's code."""
    return _STATUS.get(error.code, 500)


def encode_error(error: RemoteError) -> bytes:
    """Return the JSON body for an error; the fields of a refusal become its detail."""
    details: list[_Detail] = []
    match error:
        case Refused():
            details = [_detail(error.wire_name, error.fields)]
        case InvalidArgument():
            fields = {"path": error.path, "problem": error.problem}
            details = [_detail("ramet.InvalidArgument", fields)]
        case RemoteFault():
            details = [_detail("ramet.RemoteFault", {"error_id": error.error_id})]
    return msgspec.json.encode(_Error(error.code, error.message, details))


def decode_error(status: int, body: bytes, operation: Operation) -> RemoteError:
    """Return, without raising it, the error that an answer other than 200 stands for."""
    error = _error_of(status, body, operation)
    error.operation = operation.full_name
    return error


def _error_of(status: int, body: bytes, operation: Operation) -> RemoteError:
    try:
        answer = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        kind = _BY_STATUS.get(status, Unavailable if status >= 500 else RemoteError)
        return kind(f"the answer is HTTP {status} and not of a Ramet service")
    detail = answer.details[0] if answer.details else None
    match answer.code:
        case "failed_precondition":
            return _refusal(answer.message, detail, operation)
        case "invalid_argument":
            fields = _fields(detail)
            problem = fields.get("problem", answer.message)
            return InvalidArgument(str(problem), path=str(fields.get("path", "")))
        case "internal":
            return RemoteFault(answer.message, error_id=str(_fields(detail).get("error_id", "")))
    return _BY_CODE.get(answer.code, RemoteError)(answer.message)


def _refusal(message: str, detail: _Detail | None, operation: Operation) -> RemoteError:
    """A refusal of the class that the caller knows, else one that only says what it was."""
    wire_name = detail.type if detail else Refused.wire_name
    known = find_refusal(wire_name, operation.module)
    if known is not None and known.Fields is not None:
        try:
            values = msgspec.json.decode(_raw(detail), type=known.Fields)
        except msgspec.DecodeError as error:
            return InvalidResult(f"the refusal {wire_name} does not fit the contract: {error}")
        return known(*msgspec.structs.astuple(values))
    refusal = Refused(message)
    refusal.wire_name, refusal.fields = wire_name, _fields(detail)
    return refusal


def _detail(kind: str, fields: dict[str, Any]) -> _Detail:
    value = b64encode(msgspec.json.encode(fields)).rstrip(b"=").decode()
    return _Detail(kind, value, fields)


def _raw(detail: _Detail | None) -> bytes:
    """The JSON in a detail; `{}` for one of another encoding, such as a foreign peer's."""
    if detail is None:
        return b"{}"
    try:
        return b64decode(detail.value + "=" * (-len(detail.value) % 4))
    except (binascii.Error, ValueError):
        return b"{}"


def _fields(detail: _Detail | None) -> dict[str, Any]:
    try:
        return msgspec.json.decode(_raw(detail), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
