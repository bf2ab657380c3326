"""Views: what calls made by one would hand on, and what of a plain request has arrived."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, re_path
from structlog.contextvars import get_contextvars

from ramet.calls import context


def _context(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"remaining": context.remaining(), "ids": get_contextvars()})


def _echo(request: HttpRequest, rest: str) -> JsonResponse:
    body = request.body  # before its form: an upload is read once
    # As the framework sees it; granian and Django say "no length" in two ways.
    meta: dict[str, Any] = {
        name: value
        for name, value in request.META.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "QUERY_STRING", "PATH_INFO")
    }
    said = {
        "method": request.method,
        "rest": rest,
        "url": request.build_absolute_uri(),
        "get": dict(request.GET.lists()),
        "post": dict(request.POST.lists()),
        "encoding": request.encoding,
        "body": hashlib.sha256(body).hexdigest(),
        "meta": meta,
    }
    answer = JsonResponse(said, headers={"X-Found": "yes", "X-Empty": ""})
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2", httponly=True)
    return answer


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse(b"" if status in (204, 304) else b"said", status=status)


urlpatterns = [
    path("context/", _context),
    path("answer/<int:status>/", _answer),
    re_path(r"^echo/(?P<rest>.*)$", _echo),
]
