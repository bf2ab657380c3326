"""A span for each request that Django answers, and its place in the metrics: after the route, not
the path."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.functional import SimpleLazyObject
from opentelemetry.trace import SpanKind

from ramet.placement import Here
from ramet.telemetry import paths, tracing
from ramet.telemetry.metrics import OTHER, Histogram
from ramet.telemetry.propagation import parent_in, with_baggage
from ramet.telemetry.spans import Shape

__all__ = ["TelemetryMiddleware"]

REQUESTS = Histogram(
    "http.server.request.duration",
    "Requests that Django answered, by route; those that no route takes are counted as other.",
    attributes=("ramet.service", "http.request.method", "http.route", "http.response.status_code"),
)

_ANSWERS = (Http404, PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError)
"""What Django answers with 4xx: the mistakes of who asks, which mark no server's span as failed
(https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status)."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


class TelemetryMiddleware:
    """The first one of MIDDLEWARE, so that the others' work is in the span, too.

    The span is a child of what `traceparent` says. An answer of 500 or more, and an exception that
    a view lets go, unless Django makes 4xx of it, mark it as failed. Requests are counted also
    where nothing is traced.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        if not tracing.is_on():
            response = self.get_response(request)
            _count(request, response, time.perf_counter() - started)
            return response
        meta = request.META
        parent = parent_in(meta.get("HTTP_TRACEPARENT"), meta.get("HTTP_TRACESTATE"))
        said: dict[str, Any] = {"url.path": request.path}
        with (
            tracing.work(_shape(_method(request)), said, parent=parent) as span,
            with_baggage(meta.get("HTTP_BAGGAGE")),
        ):
            response = self.get_response(request)
            _describe(span, request, response)
            _count(request, response, time.perf_counter() - started)
            return response

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Django asks for what a view has raised, before it makes an answer of it."""
        if not isinstance(error, _ANSWERS):
            tracing.fail_current(error)


def _count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    REQUESTS.record(
        seconds,
        (_service_of(match.func) if match is not None else None) or OTHER,
        # As in the span; whoever asks may invent methods and paths, and the series are few.
        request.method if request.method in _METHODS else "_OTHER",
        paths.template(match.route) if match is not None else OTHER,
        str(response.status_code),
    )


def _describe(span: tracing.Working, request: HttpRequest, response: HttpResponse) -> None:
    match = request.resolver_match
    if match is not None:
        span.become(_shape(_method(request), paths.template(match.route)))
        span.belong(_service_of(match.func))
        if (known := paths.of_secret_route(match)) is not None:
            span.set_attribute("url.path", known)
    span.set_attribute("http.response.status_code", response.status_code)
    if (request_id := request.META.get("HTTP_X_REQUEST_ID")) is not None:
        span.set_attribute("ramet.request_id", request_id)
    if (user := _user(request)) is not None:
        span.set_attribute("user.id", str(user))
    if response.status_code >= 500:
        span.fail(f"answered {response.status_code}")


def _method(request: HttpRequest) -> str:
    # Whoever asks may invent methods; names of spans are few
    # (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
    return request.method if request.method in _METHODS else "HTTP"


@lru_cache(maxsize=4096)
def _shape(method: str, route: str = "") -> Shape:
    said = {"http.request.method": method if method != "HTTP" else "_OTHER"}
    if route:
        said["http.route"] = route
    return Shape(f"{method} {route}".rstrip(), SpanKind.SERVER, said)


def _service_of(view: Any) -> str | None:
    """Whose view it is, where the settings are placed."""
    place = getattr(settings, "RAMET", None)
    if not isinstance(place, Here):
        return None
    # In a process of one service, it is of nobody else.
    if len(place.services) == 1:
        return next(iter(place.services))
    module = getattr(view, "__module__", None) or type(view).__module__
    return place.service_of(module)


def _user(request: HttpRequest) -> object:
    """The id of who asks, where that is known already: asking for it may ask the database."""
    user = request.__dict__.get("_cached_user") or request.__dict__.get("user")
    if user is None or isinstance(user, SimpleLazyObject):
        return None
    return user.pk if getattr(user, "is_authenticated", False) else None
