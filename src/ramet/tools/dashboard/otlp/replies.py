"""Answers of the OTLP specification, in the encoding of the request."""

from __future__ import annotations

import json

from google.protobuf.json_format import MessageToDict
from starlette.responses import Response

from ramet.tools.dashboard.otlp.bodies import Refused
from ramet.tools.dashboard.otlp.decoding import JSON, PROTOBUF, Decoded
from ramet.tools.dashboard.otlp.signals import Signal

__all__ = ["refusal", "success"]

_CODES = {403: 7, 408: 4, 413: 8, 429: 8}
"""Codes of gRPC that say the same; INVALID_ARGUMENT for the others."""
_INVALID_ARGUMENT = 3


def success(decoded: Decoded, content_type: str, signal: Signal) -> Response:
    """200: with what was rejected and why; where items were only cut, with that as a warning."""
    message = signal.response()
    if decoded.message:
        setattr(message.partial_success, signal.rejected, decoded.rejected)
        message.partial_success.error_message = decoded.message
    if content_type == JSON:
        return Response(json.dumps(MessageToDict(message)), media_type=JSON)
    return Response(message.SerializeToString(), media_type=PROTOBUF)


def refusal(refused: Refused, content_type: str) -> Response:
    """The status with a `google.rpc.Status`, as for every 4xx and 5xx."""
    code = _CODES.get(refused.status, _INVALID_ARGUMENT)
    text = str(refused)[:1_000]
    headers = {}
    if refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    if content_type == PROTOBUF:
        return Response(_status(code, text), refused.status, headers, PROTOBUF)
    body = json.dumps({"code": code, "message": text})
    return Response(body, refused.status, headers, JSON)


def _status(code: int, text: str) -> bytes:
    """`google.rpc.Status` by hand: field 1 is the code, field 2 the message.

    Its class is in googleapis-common-protos, which nothing else here needs.
    """
    message = text.encode()
    return bytes([0x08, code, 0x12]) + _varint(len(message)) + message


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
