"""Too many attempts, by account or by address: 429, and when to come back.

The limits are django-allauth's (ACCOUNT_RATE_LIMITS, e.g. five wrong passwords for an account in
five minutes, thirty attempts from an address in a minute), counted in the cache that all processes
of users share. The API and the page for devices count with the same means.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

ACCOUNT_SECONDS = 300
ADDRESS_SECONDS = 60

_LIMITS = {
    "register": "20/m/ip,5/m/key",
    # RFC 8628, section 5.1: with 40 bits in a code, nobody guesses one at this rate.
    "device": "5/m/user,20/m/ip",
}


def is_allowed(request: HttpRequest, action: str, key: str | None = None) -> bool:
    """Count one attempt at `action`; False where there were too many from here, or for `key`."""
    return bool(ratelimit.consume(request, app="users", action=action, config=_LIMITS, key=key))


def throttled(action: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, with every form that is sent to it counted."""

    @wraps(view)
    def throttled_view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        is_attempt = request.method == "POST" and request.user.is_authenticated
        if is_attempt and not is_allowed(request, action):
            return too_many_attempts(request)
        return view(request, *args, **kwargs)

    return throttled_view


def too_many_attempts(request: HttpRequest, retry_after: int = ADDRESS_SECONDS) -> HttpResponse:
    """The page; `handler429` of shop/urls.py. At most `retry_after` seconds are left."""
    answer = render(request, "users/too_many_attempts.html", status=429)
    answer.headers["Retry-After"] = str(retry_after)
    return answer
