"""For whom this thread is at work, as an entry of the log tells it."""

from __future__ import annotations

import getpass
import os
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from structlog.contextvars import get_contextvars

from ramet.calls import context
from ramet.events.surroundings import surroundings
from ramet.identity import current_user
from ramet.telemetry import paths

__all__ = ["UNSAFE", "Work", "at_work", "request_at_work", "service_of", "work"]

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods of requests that are meant to change something (RFC 9110, section 9.2.1)."""

_OPERATED_VIA = "RAMET_OPERATED_VIA"
"""Names what an operator asked with where that was no terminal: "dashboard"."""

request_at_work: ContextVar[HttpRequest | None] = ContextVar("ramet_audit_request", default=None)
"""The request that this thread is answering; the middleware sets it."""


@dataclass(frozen=True, slots=True)
class Work:
    """On whose behalf, and how it came here. `identity` is one object for one piece of work."""

    identity: object
    service: str
    user: str
    caller: str
    via: str
    request_id: str


def at_work() -> object | None:
    """The operation or the unsafe request that this thread is at; None: nobody asked for it."""
    running = context.running.get()
    if running is not None:
        return running
    request = request_at_work.get()
    return request if request is not None and request.method in UNSAFE else None


def work() -> Work:
    """All that is known; outside operations and requests, the handler, saga or command."""
    bound = get_contextvars()
    running, request = context.running.get(), request_at_work.get()
    service, caller = "", context.calling_service.get() or ""
    user = str(current_user().pk or "")
    if running is not None:
        via = running.operation.full_name
        service = service_of(via)
    elif request is not None:
        via = f"{request.method} {paths.of_request(request)}"  # it stays for ever
        service = service_of(_view(request))
        user = user or _signed_in(request)
    elif Path(sys.argv[0]).name in {"manage.py", "django-admin"}:
        via, user = " ".join(["manage.py", *sys.argv[1:2]]), f"os:{_operator()}"
        caller = os.environ.get(_OPERATED_VIA, "")
    else:
        via = str(bound.get("handler") or bound.get("saga") or "")
    identity = running or request or object()
    return Work(identity, service, user, caller, via[:255], str(bound.get("request_id", ""))[:255])


def service_of(dotted: str) -> str:
    """The service that owns a module or a name in it; empty for shared code."""
    return surroundings().service_of(dotted) or ""


def _view(request: HttpRequest) -> str:
    """The module of the view, which tells whose request it is."""
    match = request.resolver_match
    if match is None:
        return ""
    view: Any = match.func
    view = getattr(view, "cls", None) or getattr(view, "view_class", None) or view
    return str(getattr(view, "__module__", ""))


def _signed_in(request: HttpRequest) -> str:
    """Of a session, where somebody has asked for its user already: this must not query."""
    user = getattr(request, "_cached_user", None)
    return str(user.pk or "") if user is not None else ""


def _operator() -> str:
    """Who has typed the command, also behind sudo."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())
