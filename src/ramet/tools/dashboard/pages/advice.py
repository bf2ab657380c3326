"""Advice: what the traces say should be built differently, with the evidence."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ramet.tools.dashboard import advice
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.manifest import Manifest
from ramet.tools.dashboard.rendering import Entry

__all__ = ["ENTRY", "routes"]

ENTRY = Entry(
    "Advice",
    "/advice",
    "M9 18h6M10 21h4M12 3a6 6 0 0 0-4 10.5c.7.7 1 1.5 1 2.5h6c0-1 .3-1.8 1-2.5A6 6 0 0 0 12 3z",
)


def routes(context: Context) -> list[Route]:
    """The page. It does not renew itself: advice is of the last hour, and to be read in peace."""

    lately = advice.Lately(context.store)

    def page(request: Request) -> Response:
        found = lately.findings(_declared(context))
        return context.renderer.page(request, "advice.html", findings=found)

    return [Route("/advice", page)]


def _declared(context: Context) -> advice.Declared:
    """Deadlines as the running code has them; the manifest has seconds."""
    deadlines = {
        f"{contract}/{name}": round(operation["deadline"] * 1000)
        for service in Manifest.of(context.operator).services.values()
        for contract, content in service.get("contracts", {}).items()
        for name, operation in content["operations"].items()
        if operation.get("deadline")
    }
    return advice.Declared(frozenset(context.project.services), deadlines)
