"""Resources: who sent a group of items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ramet.tools.dashboard.otlp import attributes
from ramet.tools.dashboard.otlp.tally import Tally

__all__ = ["Group", "described", "service_of"]

UNKNOWN = "unknown_service"
"""The name that OpenTelemetry's resource conventions give to a service without one."""

NAME = 200
"""Characters of a service's name."""

Item = TypeVar("Item")


class Group(NamedTuple, Generic[Item]):
    """Items of one resource, whatever encoding they came in."""

    resource: Resource
    items: Iterable[Item]


def described(resource: Resource, tally: Tally) -> tuple[str, str]:
    """The service's name, and the resource's attributes as JSON."""
    found = attributes.mapping(resource.attributes, tally)
    name = found.get("service.name")
    return str(name)[:NAME] if name else UNKNOWN, attributes.as_json(found, tally)


def service_of(found: Mapping[str, Any], otherwise: str) -> str:
    """An item's own `ramet.service`: a monolith's process is one resource of several services."""
    name = found.get("ramet.service")
    return str(name)[:NAME] if name else otherwise
