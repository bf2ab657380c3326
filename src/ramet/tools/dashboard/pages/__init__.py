"""The pages, in the order of the navigation; one module each, with its templates beside.

To add a page `NAME`: `pages/NAME.py` with `ENTRY` (its place in the navigation) and
`routes(context)`, `templates/NAME*.html`, and a place in the list below.
"""

from __future__ import annotations

from starlette.routing import BaseRoute

from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.pages import (
    advice,
    api,
    events,
    logs,
    mail,
    metrics,
    sagas,
    services,
    system,
    traces,
)
from ramet.tools.dashboard.rendering import Entry

__all__ = ["entries", "routes"]

_PAGES = (system, traces, logs, metrics, events, sagas, services, api, mail, advice)


def entries() -> list[Entry]:
    """What the navigation shows."""
    return [page.ENTRY for page in _PAGES]


def routes(context: Context) -> list[BaseRoute]:
    """The routes of all pages."""
    return [route for page in _PAGES for route in page.routes(context)]
