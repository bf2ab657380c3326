"""Services: what runs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.processes import overview
from ramet.tools.dashboard.rendering import Entry

__all__ = ["ENTRY", "routes"]

ENTRY = Entry("Services", "/services", "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01")


def routes(context: Context) -> list[Route]:
    """The page and its stream."""

    def page(request: Request) -> Response:
        return context.renderer.page(request, "services.html", system=overview(context.control))

    def stream(request: Request) -> Response:
        return context.renderer.stream(
            request, "services_table.html", lambda: {"system": overview(context.control)}
        )

    return [Route("/services", page), Route("/services/stream", stream)]
