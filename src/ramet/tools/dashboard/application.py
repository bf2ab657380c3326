"""The dashboard's pages: rendered here, refreshed by the page itself, nothing from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ramet.tools.dashboard import logs, mails
from ramet.tools.dashboard.overview import age, overview
from ramet.tools.dashboard.settings import Settings

__all__ = ["make_application"]

_HERE = Path(__file__).parent
_LOG_LINES = 500
_STATIC = {"dashboard.css": "text/css", "dashboard.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class OnlyFromHere:
    """Answers requests that name this machine, and none else.

    A page on the Internet may point its own host name at 127.0.0.1 and then read what its
    visitor's browser gets from there (DNS rebinding); it cannot choose the Host header.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = [value for name, value in scope["headers"] if name == b"host"]
        if len(named) != 1 or named[0].decode("latin-1").lower() not in self._hosts:
            refusal = PlainTextResponse("This page is answered on localhost only.", 421)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def make_application(settings: Settings) -> Starlette:
    """The ASGI application. GET and HEAD only: it changes nothing."""
    pages = _Pages(settings)
    return Starlette(
        routes=[
            Route("/", pages.first),
            Route("/logs/{name}", pages.log),
            Route("/mails/{key}", pages.mail),
            Route("/static/{name}", _static),
            Route("/live", _live),
        ],
        middleware=[Middleware(OnlyFromHere, hosts=settings.hosts)],
    )


class _Pages:
    """The handlers are plain functions: starlette runs them in threads, as they read files."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )

    def first(self, request: Request) -> Response:
        return self._page(
            "overview.html",
            system=overview(self._settings),
            mails=mails.all_mails(self._settings.mails)[:20],
            api_schema="/api/schema/",
        )

    def log(self, request: Request) -> Response:
        name = request.path_params["name"]
        lines = logs.last_lines(self._settings.logs, name, _LOG_LINES)
        if not lines:
            return self._page("missing.html", status=404, what=f"log of {name}")
        return self._page("log.html", name=name, lines=lines)

    def mail(self, request: Request) -> Response:
        mail = mails.find(self._settings.mails, request.path_params["key"])
        if mail is None:
            return self._page("missing.html", status=404, what="such mail")
        return self._page("mail.html", mail=mail)

    def _page(self, template: str, status: int = 200, **context: Any) -> Response:
        now = datetime.now(UTC)
        text = self._templates.get_template(template).render(now=now, age=age, **context)
        return Response(text, status, _HEADERS, media_type="text/html; charset=utf-8")


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        return PlainTextResponse("No such file.", 404, _HEADERS)
    return Response((_HERE / "static" / name).read_bytes(), 200, _HEADERS, _STATIC[name])


def _live(request: Request) -> Response:
    return PlainTextResponse("live\n", headers=_HEADERS)
