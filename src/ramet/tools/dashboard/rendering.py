"""Templates to pages: the frame's own facts, the reader's zone and theme, and our filters."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from ramet.tools.dashboard import actions, formats, live
from ramet.tools.dashboard.access import HEADERS
from ramet.tools.dashboard.declared import Project
from ramet.tools.dashboard.hues import Hues
from ramet.tools.dashboard.store import Kept

__all__ = ["Entry", "Renderer"]

_THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation. `icon` is the path of a drawing of 24 by 24."""

    title: str
    path: str
    icon: str


class Renderer:
    """Makes pages, and the parts of them that renew themselves."""

    def __init__(
        self,
        entries: Sequence[Entry],
        kept: Callable[[], Kept],
        project: Project,
        faults: Callable[[], Sequence[Mapping[str, Any]]] = tuple,
    ) -> None:
        self._entries = entries
        self._kept = kept
        self._system = project.name
        root = project.root
        self._faults = faults
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            duration=formats.duration,
            brief=formats.brief,
            rate=formats.rate,
            percent=formats.percent,
            count=formats.count,
            bytes=formats.bytes_,
            utc=formats.utc,
            hue=Hues(project.services).of,
            here=lambda place: place.removeprefix(root),
            ago=_ago,
            clock=_clock,
            clock_short=_clock_short,
        )

    def page(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """A whole page. The template extends `frame.html`."""
        told = actions.said(request)
        text = self.text(request, template, said=told, **values)
        response = Response(text, status, HEADERS, media_type="text/html; charset=utf-8")
        if told is not None:
            actions.heard(response)
        return response

    def missing(self, request: Request, what: str) -> Response:
        """404: "There is no `what`"."""
        return self.page(request, "missing.html", 404, what=what)

    def part(self, request: Request, template: str, **values: Any) -> Response:
        """A part of a page, for htmx to put into it."""
        text = self.text(request, template, **values)
        return Response(text, 200, HEADERS, media_type="text/html; charset=utf-8")

    def text(self, request: Request, template: str, **values: Any) -> str:
        """The text of a template, such as a part of a page."""
        theme = request.cookies.get("ramet-theme", "")
        return self._templates.get_template(template).render(
            now=time.time_ns(),
            zone=formats.zone(request.cookies.get("ramet-zone", "")),
            zone_name=request.cookies.get("ramet-zone", ""),
            theme=theme if theme in _THEMES else "auto",
            entries=self._entries,
            path=request.url.path,
            base_url=str(request.base_url).rstrip("/"),
            system_name=self._system,
            kept=self._kept(),
            faults=self._faults,  # of the frame alone: a part that renews itself asks nobody
            **values,
        )

    def stream(
        self,
        request: Request,
        template: str,
        values: Callable[[], dict[str, Any]],
        *,
        every: float = 2.0,
    ) -> Response:
        """The part of a page that `template` makes, again whenever it changes."""
        news = live.changes(lambda: self.text(request, template, **values()))
        return live.stream(request, news, every=every)


@jinja2.pass_context
def _ago(context: jinja2.runtime.Context, then: Any) -> str:
    return formats.ago(then, context["now"])


@jinja2.pass_context
def _clock(context: jinja2.runtime.Context, nanoseconds: int) -> str:
    return formats.clock(nanoseconds, context["zone"], now=context["now"])


@jinja2.pass_context
def _clock_short(context: jinja2.runtime.Context, nanoseconds: int) -> str:
    return formats.hour(nanoseconds, context["zone"])
