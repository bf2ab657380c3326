"""Tells the log which request is at work, and writes down when a known user was refused."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ramet.auditing.options import options
from ramet.auditing.recording import write
from ramet.auditing.work import UNSAFE, request_at_work, work

__all__ = ["AuditMiddleware"]

REFUSED = "refused"


class AuditMiddleware:
    """`ramet.place` puts it behind the middleware that says who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._notes_refusals = options().refusals

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request_at_work.set(request)
        try:
            response = self.get_response(request)
            if self._notes_refusals and response.status_code == 403 and request.method in UNSAFE:
                # In a transaction of its own: what the request did was rolled back or never begun.
                # Only of whom we know: nobody fills the log without signing in.
                known = work()
                if known.user:
                    write(known, REFUSED, "", {"status": 403})
            return response
        finally:
            request_at_work.reset(token)
