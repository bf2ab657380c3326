"""Traces: a search, and each trace as a waterfall that says why it took its time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ramet.tools.dashboard.access import HEADERS
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.rendering import Entry
from ramet.tools.dashboard.trace_search import ID, asked
from ramet.tools.dashboard.waterfall import waterfall
from ramet.tools.dashboard.windows import window

__all__ = ["ENTRY", "routes"]

ENTRY = Entry("Traces", "/traces", "M3 6h9M7 12h11M12 18h9")

_PAGE = 50
_FIELDS = ("service", "operation", "status", "min", "max", "user", "attributes")
# Of the whole time beyond the answer that makes the answer hard to see.
_MUCH_LONGER = 1.3


def routes(context: Context) -> list[Route]:
    """The search with its stream, one trace, and one span of it."""

    def found(request: Request) -> dict[str, Any]:
        query = request.query_params
        # Unless a time is chosen, whatever is kept: somebody may look for yesterday's order.
        since = window(request).since if "since" in query else None
        wanted = asked(query, since=since, limit=_PAGE + 1)
        rows = context.store.traces(wanted.search)
        given = {name: query[name] for name in (*_FIELDS, "since") if query.get(name)}
        shown = rows[:_PAGE]
        return {
            "rows": shown,
            "mistakes": wanted.mistakes,
            "fields": {name: query.get(name, "") for name in _FIELDS},
            "given": given,
            "latest": urlencode(given),
            "next": urlencode({**given, "before": shown[-1].cursor}) if len(rows) > _PAGE else "",
            "is_later_page": "before" in query,
        }

    def page(request: Request) -> Response:
        wanted = request.query_params.get("attributes", "").strip()
        if ID.fullmatch(wanted):  # somebody has an id from a log or an error page
            return RedirectResponse(f"/traces/{wanted.lower()}", 303, HEADERS)
        window_links = window(request).links(request)
        chosen = window(request).title if "since" in request.query_params else "All"
        whole = request.url.remove_query_params(["since", "before"]).query
        return context.renderer.page(
            request,
            "traces.html",
            services=context.store.services(),
            links=[("All", f"?{whole}"), *window_links],
            chosen=chosen,
            query=request.query_params,
            **found(request),
        )

    def stream(request: Request) -> Response:
        return context.renderer.stream(request, "traces_list.html", lambda: found(request))

    def one(request: Request) -> Response:
        trace = context.store.trace(request.path_params["trace_id"])
        if trace is None or not trace.spans:
            return context.renderer.missing(request, "such trace, or no longer")
        only_answer = request.query_params.get("show") == "answer"
        chosen = request.query_params.get("span", "")
        return context.renderer.page(
            request,
            "traces_one.html",
            trace=trace,
            waterfall=waterfall(trace, only_answer=only_answer),
            only_answer=only_answer,
            has_more=trace.duration > trace.spans[0].duration * _MUCH_LONGER,
            chosen=next((span for span in trace.spans if span.span_id == chosen), None),
        )

    def span(request: Request) -> Response:
        trace = context.store.trace(request.path_params["trace_id"])
        wanted = request.path_params["span_id"]
        spans = trace.spans if trace else ()
        chosen = next((each for each in spans if each.span_id == wanted), None)
        if trace is None or chosen is None:
            return context.renderer.missing(request, "such span, or no longer")
        return context.renderer.part(request, "traces_span.html", trace=trace, span=chosen)

    return [
        Route("/traces", page),
        Route("/traces/stream", stream),
        Route("/traces/{trace_id}", one),
        Route("/traces/{trace_id}/spans/{span_id}", span),
    ]
