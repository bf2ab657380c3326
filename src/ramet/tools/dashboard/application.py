"""The dashboard as one ASGI application: telemetry in, pages out, and who may ask in front."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ramet.tools.dashboard import otlp, pages
from ramet.tools.dashboard.access import HEADERS, Access, local_path
from ramet.tools.dashboard.ahead import ask_ahead
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.control import Control
from ramet.tools.dashboard.declared import Project
from ramet.tools.dashboard.operator import Operator
from ramet.tools.dashboard.rendering import Renderer
from ramet.tools.dashboard.settings import Settings
from ramet.tools.dashboard.store import Store

__all__ = ["make_application"]

_log = logging.getLogger("ramet.dashboard")
_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def make_application(settings: Settings, store: Store) -> Starlette:
    """The ASGI application; the store stays its maker's to close."""
    project = Project.beside(settings.state)
    control = Control(settings.control)
    context = Context(
        settings=settings,
        store=store,
        control=control,
        operator=Operator(control),
        project=project,
        renderer=Renderer(pages.entries(), store.kept, project, control.faults),
    )
    if settings.control is not None:
        ask_ahead(context.operator)
    routes: list[BaseRoute] = [
        *otlp.routes(store),
        Route("/live", _live),
        Route("/login", lambda request: _login(context, request)),
        Route("/static/{name:path}", _static),
        *pages.routes(context),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Access, settings=settings)],
        exception_handlers={
            # Both alone: other errors of SQLite are bugs in what it was asked.
            sqlite3.OperationalError: lambda request, error: _unreadable(context, request, error),
            sqlite3.DatabaseError: lambda request, error: _unreadable(context, request, error),
            404: lambda request, _: context.renderer.missing(request, "such page"),
            500: _bug,
        },
    )


def _login(context: Context, request: Request) -> Response:
    return context.renderer.page(
        request,
        "login.html",
        to=local_path(request.query_params.get("to", "/")),
        wrong="wrong" in request.query_params,
    )


def _static(request: Request) -> Response:
    file = _files().get(request.path_params["name"])
    if file is None:
        return PlainTextResponse("No such file.\n", 404, HEADERS)
    # To be asked for again, but not sent again: an updated Ramet shows its new styles at once.
    stat = file.stat()
    tag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    headers = {**HEADERS, "Cache-Control": "no-cache", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(None, 304, headers)
    return Response(file.read_bytes(), 200, headers, _TYPES[file.suffix])


def _files() -> dict[str, Path]:
    """What may be asked for, by its path: looked up, so that no path leads elsewhere."""
    return {
        path.relative_to(_STATIC).as_posix(): path
        for path in _STATIC.rglob("*")
        if path.suffix in _TYPES
    }


def _unreadable(context: Context, request: Request, error: Exception) -> Response:
    """The file was removed, broken or locked meanwhile, or its disk is gone."""
    if type(error) not in (sqlite3.OperationalError, sqlite3.DatabaseError):
        raise error
    _log.error("%s cannot be read", context.settings.history, exc_info=error)
    return context.renderer.page(
        request,
        "unreadable.html",
        503,
        file=context.settings.history,
        problem=str(error),
        restart="ramet restart dashboard" if context.settings.control else "end it, start it again",
    )


def _bug(request: Request, error: Exception) -> Response:
    """Starlette raises it again after this, so that the log has the traceback."""
    text = "This page failed, which is a bug of the dashboard. Its log tells more.\n"
    return PlainTextResponse(text, 500, HEADERS)


def _live(request: Request) -> Response:
    return PlainTextResponse("live\n", headers=HEADERS)
