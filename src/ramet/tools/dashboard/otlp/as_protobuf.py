"""Binary OTLP: the whole request at once, and item by item where that fails or is too large."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ramet.tools.dashboard.otlp.resources import Group
from ramet.tools.dashboard.otlp.signals import Signal
from ramet.tools.dashboard.otlp.tally import Tally
from ramet.tools.dashboard.otlp.wire import raw_groups

__all__ = ["groups"]

AT_ONCE = 4 * 1024 * 1024
"""Bytes that are parsed together: an empty item of two bytes becomes one of over a hundred."""

Kind = TypeVar("Kind", bound=Message)


def groups(body: bytes, signal: Signal, tally: Tally) -> Iterator[Group[Any]]:
    """The request's items by their resource. Raises `Malformed` where it is no protobuf at all."""
    request = _parsed(signal.request, body) if len(body) <= AT_ONCE else None
    if request is None:
        yield from _by_item(body, signal, tally)
        return
    for group in getattr(request, signal.groups):
        for scoped in getattr(group, signal.scopes):
            yield Group(group.resource, getattr(scoped, signal.items))


def _by_item(body: bytes, signal: Signal, tally: Tally) -> Iterator[Group[Any]]:
    for raw in raw_groups(body):
        resource = _parsed(Resource, raw.resource)
        if resource is None:
            tally.change("resource-not-decodable")
            resource = Resource()
        found = [_parsed(signal.item, item) for item in raw.items]
        if lost := found.count(None):
            tally.reject("not-decodable", lost)
        yield Group(resource, [item for item in found if item is not None])


def _parsed(kind: type[Kind], raw: bytes) -> Kind | None:
    message: Kind = kind()
    try:
        message.ParseFromString(raw)
    except DecodeError:
        return None
    return message
