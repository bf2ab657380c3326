"""The part of Envoy's rate limit protocol that is spoken here: its messages, by their numbers.

The numbers are those of envoy/service/ratelimit/v3/rls.proto and of what it imports
(https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ratelimit/v3/rls.proto). They stand here
because the one package that has the messages, xds-protos, also has OpenTelemetry's of long ago, and
puts them over those of opentelemetry-proto. Fields that nobody reads here are left out: protobuf
passes over them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

__all__ = [
    "Code",
    "Descriptor",
    "Duration",
    "Header",
    "Limit",
    "Request",
    "Response",
    "Status",
    "Unit",
    "handler",
]


class Code(IntEnum):
    """Of an answer, and of each of its descriptors."""

    OK = 1
    OVER_LIMIT = 2


class Unit(IntEnum):
    """What a limit is per."""

    SECOND = 1
    MINUTE = 2
    HOUR = 3


_PACKAGE = "ramet.ratelimit"
_MANY = "*"
_SCALARS = {
    "text": FieldDescriptorProto.TYPE_STRING,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "enum": FieldDescriptorProto.TYPE_INT32,  # on the wire an enum is a number
}
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Entry": {"key": (1, "text"), "value": (2, "text")},
    "Descriptor": {"entries": (1, "Entry*")},
    "Request": {
        "domain": (1, "text"),
        "descriptors": (2, "Descriptor*"),
        "hits_addend": (3, "uint32"),
    },
    "Duration": {"seconds": (1, "int64")},
    "Limit": {"requests_per_unit": (1, "uint32"), "unit": (2, "enum")},
    "Status": {
        "code": (1, "enum"),
        "current_limit": (2, "Limit"),
        "limit_remaining": (3, "uint32"),
        "duration_until_reset": (4, "Duration"),
    },
    "Header": {"key": (1, "text"), "value": (2, "text")},
    "Response": {
        "overall_code": (1, "enum"),
        "statuses": (2, "Status*"),
        "response_headers_to_add": (3, "Header*"),
    },
}


def _classes() -> dict[str, Any]:
    file = FileDescriptorProto(name="ramet/ratelimit.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            of = kind.removesuffix(_MANY)
            described = message.field.add(name=field, number=number)
            described.label = (
                FieldDescriptorProto.LABEL_REPEATED
                if kind.endswith(_MANY)
                else FieldDescriptorProto.LABEL_OPTIONAL
            )
            described.type = _SCALARS.get(of, FieldDescriptorProto.TYPE_MESSAGE)
            if of not in _SCALARS:
                described.type_name = f".{_PACKAGE}.{of}"
    pool = DescriptorPool()  # not the one that every library shares
    pool.Add(file)
    return {
        name: GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in _MESSAGES
    }


_CLASSES = _classes()
Descriptor: Any = _CLASSES["Descriptor"]
"""One thing to count: `entries`, each with `key` and `value`."""
Request: Any = _CLASSES["Request"]
"""What Envoy asks: `domain`, `descriptors`, `hits_addend` (0: one)."""
Duration: Any = _CLASSES["Duration"]
Limit: Any = _CLASSES["Limit"]
Status: Any = _CLASSES["Status"]
"""Of one descriptor: `code`, `current_limit`, `limit_remaining`, `duration_until_reset`."""
Header: Any = _CLASSES["Header"]
Response: Any = _CLASSES["Response"]
"""What Envoy is told: `overall_code`, `statuses`, `response_headers_to_add`."""


def handler(
    should_rate_limit: Callable[[Any, Any], Awaitable[Any] | Any],
) -> grpc.GenericRpcHandler:
    """The service with its one method, to be added to a gRPC server."""
    method = grpc.unary_unary_rpc_method_handler(
        should_rate_limit,
        request_deserializer=Request.FromString,
        response_serializer=Response.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(
        "envoy.service.ratelimit.v3.RateLimitService", {"ShouldRateLimit": method}
    )
