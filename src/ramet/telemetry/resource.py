"""Who tells: the attributes of this process, with every batch of spans, records and points.

Names are those of https://opentelemetry.io/docs/specs/semconv/resource/ where there is one.
"""

from __future__ import annotations

import os
import socket
from functools import cache, lru_cache
from importlib import metadata
from typing import Any

from django.conf import settings

from ramet.placement import Here
from ramet.telemetry import wire
from ramet.telemetry.options import options

__all__ = ["attributes", "be", "encoded"]

_role: str | None = None


def be(role: str) -> None:
    """Say what this process is: web, worker, celery, ..."""
    global _role
    _role = role


def attributes() -> dict[str, Any]:
    """Those of this process now. None: not known."""
    chosen = options()
    place = getattr(settings, "RAMET", None)
    instance = (
        place.environment.instance
        if isinstance(place, Here)
        else f"{socket.gethostname()}-{os.getpid()}"
    )
    return {
        "service.name": chosen.service,
        "service.namespace": chosen.system,
        "service.instance.id": instance,
        "service.version": os.environ.get("OTEL_SERVICE_VERSION"),
        "process.pid": os.getpid(),
        "ramet.role": _role,
        "telemetry.sdk.name": "ramet",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": _version(),
    }


def encoded() -> bytes:
    """The same as an OTLP `Resource`."""
    return _encoded(tuple(attributes().items()))


@lru_cache(maxsize=1)
def _encoded(about: tuple[tuple[str, Any], ...]) -> bytes:
    return wire.attributes(1, about)


@cache
def _version() -> str:
    # It is read from a file: for each batch, that was half of what the exporter's thread did.
    return metadata.version("ramet")
