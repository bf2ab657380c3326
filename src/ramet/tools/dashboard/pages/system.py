"""System: the live map of services, databases and events, and what flows between them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.processes import gone
from ramet.tools.dashboard.rendering import Entry
from ramet.tools.dashboard.store import Map
from ramet.tools.dashboard.system_map import picture
from ramet.tools.dashboard.windows import Window, window

__all__ = ["ENTRY", "routes"]

ENTRY = Entry(
    "System",
    "/",
    "M2.5 12a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0M16.5 5a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0"
    "M16.5 19a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0M7.3 11l9.4-5M7.3 13l9.4 5",
)

_KINDS = {
    "event": "Events",
    "database": "Databases",
    "external": "Others",
    "unused": "Declared, unused",
}
# How much longer than the window the time before it is that it is compared with.
_BEFORE = 3
_CROWDED = 12
# What a verdict is about: long enough to be sure, and short enough that what is mended looks so.
_RECENT = 15 * 60 * 1_000_000_000
_LATELY = 3 * 60 * 1_000_000_000


def routes(context: Context) -> list[Route]:
    """The page, its stream, and the panel of a node or an edge."""

    def values(request: Request) -> dict[str, Any]:
        chosen = window(request)
        now = context.store.map(chosen.since, chosen.until)
        before = context.store.map(chosen.since - _BEFORE * chosen.length, chosen.since)
        # Of hours or a day, what failed long ago is shown in figures, and is no verdict.
        recent = None
        if chosen.length > _RECENT:
            recent = context.store.map(chosen.until - _RECENT, chosen.until)
        lately = context.store.map(chosen.until - _LATELY, chosen.until)
        hidden = _hidden(request, now)
        return {
            "picture": picture(
                now,
                before,
                context.project.flows,
                gone(context.control),
                hidden,
                recent=recent,
                lately=lately,
            ),
            "kinds": [(kind, title, kind not in hidden) for kind, title in _KINDS.items()],
            "window": chosen,
            "query": request.query_params,
        }

    def page(request: Request) -> Response:
        shown = values(request)
        return context.renderer.page(
            request,
            "system.html",
            links=shown["window"].links(request),
            **shown,
            **_details(context, request, shown),
        )

    def stream(request: Request) -> Response:
        return context.renderer.stream(request, "system_map.html", lambda: values(request))

    def details(request: Request) -> Response:
        shown = values(request)
        return context.renderer.part(
            request, "system_details.html", **shown, **_details(context, request, shown)
        )

    return [
        Route("/", page),
        Route("/system/stream", stream),
        Route("/system/details", details),
    ]


def _details(context: Context, request: Request, shown: dict[str, Any]) -> dict[str, Any]:
    """What is known of the edge or node that was chosen, None of both where there is none."""
    asked, picture, chosen = request.query_params, shown["picture"], shown["window"]
    arrow = picture.arrow(asked.get("source", ""), asked.get("target", ""))
    card = picture.card(asked.get("node", ""))
    return {
        "arrow": arrow,
        "traces": _traces(context, arrow.source.key, arrow.target.key, chosen) if arrow else [],
        "card": card,
        "operations": _operations(context, card.node.name, chosen)
        if card and card.node.kind == "service"
        else [],
    }


def _traces(context: Context, source: str, target: str, chosen: Window) -> list[Any]:
    return context.store.edge(source, target, chosen.since, chosen.until, limit=20)


def _operations(context: Context, service: str, chosen: Window) -> list[Any]:
    rows = context.store.operations(chosen.since, chosen.until)
    return [row for row in rows if row.service == service]


def _hidden(request: Request, now: Map) -> frozenset[str]:
    """A form sends the boxes that are ticked; `shown` says that it was sent at all."""
    asked = request.query_params
    if "shown" in asked:
        return frozenset(_KINDS) - frozenset(asked.getlist("kind"))
    # Of many services, each with a database of its own, the databases would be half the map.
    services = sum(node.kind == "service" for node in now.nodes)
    return frozenset({"database"}) if services > _CROWDED else frozenset()
