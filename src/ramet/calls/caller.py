"""`caller`: which service asks for the work at hand, and for which user.

Over the mesh the service's certificate says it: Envoy takes whatever the peer says about itself
out of a request and writes the header anew (`ramet.tools.gateway.mesh`). In one process it is the
service whose module made the client.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ramet.calls import context
from ramet.identity import Anonymous, User, current_user
from ramet.placement import here

__all__ = [
    "OUTSIDE",
    "Caller",
    "begin_request",
    "called_by",
    "caller",
    "end_request",
    "making_service",
    "owner_of",
    "service_in",
]

OUTSIDE = "gateway"
"""The caller of a request that came in from outside."""

_HEADER = "HTTP_X_RAMET_CALLER"
_FRAMES = 50  # how far the code that calls may be from the module of a service


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a service of this system, or "gateway" for the outside, and the user it asks for.

    `service` is None for work that nobody asks for, such as a saga's step or an event's handler,
    and where no mesh of Ramet's says who called. `user` is the holder of the token that came along.
    """

    service: str | None
    user: User | Anonymous


def caller() -> Caller:
    """Return who called the operation or view that is running. Nobody can forge either half."""
    return Caller(context.calling_service.get(), current_user())


@contextmanager
def called_by(service: str | None) -> Iterator[None]:
    """Do the block's work as if this service had asked for it, "gateway" for the outside: in tests
    of what an operation or a view does for whom."""
    token = context.calling_service.set(service)
    try:
        yield
    finally:
        context.calling_service.reset(token)


def begin_request(*, environ: Mapping[str, Any] | None = None, **_: Any) -> None:
    """Remember who sent a request to Django: connected to its request_started.

    A process without any mesh gets requests from outside alone. Behind another mesh than Ramet's
    one may be a service's, and nobody says so.
    """
    has_mesh = here().environment.mesh_template is not None
    context.calling_service.set(service_in(environ or {}) if has_mesh else OUTSIDE)


def end_request(**_: Any) -> None:
    """Forget it, so that no thread keeps one: connected to Django's request_finished."""
    context.calling_service.set(None)


def service_in(environ: Mapping[str, Any]) -> str | None:
    """The service that sent a request, from WSGI's environ; None where no mesh vouches for it."""
    place = here()
    if not place.environment.is_in_mesh:
        return None
    return _service_named(environ.get(_HEADER, ""), place.system.name)


@lru_cache(maxsize=256)
def _service_named(identity: str, system: str) -> str | None:
    """The service of the system with a SPIFFE id; Envoy lets few through, those of certificates."""
    found = re.fullmatch(r"spiffe://([^/]+)/([^/,]+)", identity)
    return found[2] if found and found[1] == system else None


def making_service(depth: int) -> str | None:
    """The service whose code runs: that of the nearest module on the stack that belongs to one.

    From the frame `depth` above this function's caller on. Else the only service of this process;
    None where there are several.
    """
    place = here()
    frame = sys._getframe(depth + 1)
    for _ in range(_FRAMES):
        service = owner_of(frame.f_globals.get("__name__", ""))
        if service is not None and place.has(service):
            return service
        if frame.f_back is None:
            break
        frame = frame.f_back
    return next(iter(place.services)) if len(place.services) == 1 else None


def owner_of(module: str) -> str | None:
    """The service that owns a module."""
    return here().service_of(module)
