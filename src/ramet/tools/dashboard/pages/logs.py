"""Logs: live and filtered, each with the way to its trace; and what processes print."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ramet.tools.dashboard import live, logs
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.rendering import Entry
from ramet.tools.dashboard.store import LogSearch
from ramet.tools.dashboard.windows import window

__all__ = ["ENTRY", "routes"]

ENTRY = Entry("Logs", "/logs", "M4 6h16M4 10h16M4 14h10M4 18h13")

_PAGE = 100
_LEVELS = ("debug", "info", "warning", "error", "fatal")
_OUTPUT_LINES = 500


def routes(context: Context) -> list[Route]:
    """The list with its stream, and the output of processes."""

    def page(request: Request) -> Response:
        query = request.query_params
        rows = context.store.logs(_search(request, _PAGE + 1))
        shown = rows[:_PAGE]
        given = {
            name: query[name]
            for name in ("service", "level", "text", "trace", "since")
            if query.get(name)
        }
        following = {**given, "before": shown[-1].id} if len(rows) > _PAGE else {}
        is_live = "before" not in query
        return context.renderer.page(
            request,
            "logs.html",
            rows=shown,
            services=context.store.services(),
            levels=_LEVELS,
            fields={name: query.get(name, "") for name in ("service", "level", "text", "trace")},
            given=given,
            next=urlencode(following),
            latest=urlencode(given),
            # What comes after the newest that is shown here, so that nothing is missed or doubled.
            stream=urlencode({**given, "after": shown[0].id if shown else 0}) if is_live else "",
            outputs=_outputs(context),
        )

    def stream(request: Request) -> Response:
        search = _search(request, _PAGE)
        # Where the stream was interrupted, the browser says what it has already.
        last = _number(request.headers.get("last-event-id")) or _number(
            request.query_params.get("after")
        )

        def news() -> str | None:
            nonlocal last
            rows = context.store.logs_after(last, search)
            if not rows:
                return None
            last = rows[-1].id
            return live.message(
                context.renderer.text(request, "logs_rows.html", rows=rows[::-1]), last
            )

        return live.stream(request, news, every=1.0)

    def output(request: Request) -> Response:
        name = request.path_params["name"]
        lines = logs.last_lines(context.settings.logs, name, _OUTPUT_LINES)
        if name not in _outputs(context):
            return context.renderer.missing(request, f"output of {name}")
        return context.renderer.page(
            request, "logs_output.html", name=name, lines=lines, outputs=_outputs(context)
        )

    def output_stream(request: Request) -> Response:
        name = request.path_params["name"]

        def values() -> dict[str, Any]:
            return {"lines": logs.last_lines(context.settings.logs, name, _OUTPUT_LINES)}

        return context.renderer.stream(request, "logs_output_lines.html", values, every=1.0)

    return [
        Route("/logs", page),
        Route("/logs/stream", stream),
        Route("/logs/output/{name}", output),
        Route("/logs/output/{name}/stream", output_stream),
    ]


def _search(request: Request, limit: int) -> LogSearch:
    query = request.query_params
    level = query.get("level", "")
    return LogSearch(
        service=query.get("service") or None,
        level=level if level in _LEVELS else None,
        text=query.get("text", "").strip() or None,
        trace_id=query.get("trace", "").strip().lower() or None,
        since=window(request).since if "since" in query else None,
        limit=limit,
        before=_number(query.get("before")) or None,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _outputs(context: Context) -> list[str]:
    """Names of the processes that have a log file."""
    return sorted(path.stem for path in context.settings.logs.glob("*.log"))
