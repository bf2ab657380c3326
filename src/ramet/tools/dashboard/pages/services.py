"""Services: what runs and why it ended before; restart, scale, stop, start, fault switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ramet.tools.dashboard.actions import action, done
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.control import SupervisorAway
from ramet.tools.dashboard.manifest import Manifest
from ramet.tools.dashboard.processes import Overview, overview
from ramet.tools.dashboard.readiness import readiness
from ramet.tools.dashboard.rendering import Entry

__all__ = ["ENTRY", "routes"]

ENTRY = Entry("Services", "/services", "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01")

_LONGEST = 120.0  # a restart waits until the new processes answer
_MOST_PROCESSES = 32
_ENDINGS = 12
_STATUSES = (429, 500, 502, 503, 504)


def routes(context: Context) -> list[BaseRoute]:
    """The pages and their streams, and what can be done to a service."""

    def page(request: Request) -> Response:
        return context.renderer.page(request, "services.html", system=overview(context.control))

    def stream(request: Request) -> Response:
        return context.renderer.stream(
            request, "services_table.html", lambda: {"system": overview(context.control)}
        )

    def one(request: Request) -> Response:
        name = request.path_params["name"]
        values = _one(context, name)
        if values is None:
            return context.renderer.missing(request, "such service")
        group = values["group"]
        return context.renderer.page(
            request,
            "services_one.html",
            environment=_environment(context, name) if group else None,
            operations=_operations(context, values["members"]),
            statuses=_STATUSES,
            **values,
        )

    def one_stream(request: Request) -> Response:
        name = request.path_params["name"]
        return context.renderer.stream(
            request, "services_state.html", lambda: _one(context, name) or _gone(name)
        )

    def confirm_stop(request: Request) -> Response:
        values = _one(context, request.path_params["name"])
        if values is None:
            return context.renderer.missing(request, "such service")
        return context.renderer.page(request, "services_stop.html", **values)

    def doing(
        command: str, said: str, read: Callable[[Mapping[str, str]], dict[str, Any]] | None = None
    ) -> Callable[[Request, dict[str, str]], Response]:
        """Have the supervisor do one thing to the service of the address."""

        def handle(request: Request, form: dict[str, str]) -> Response:
            name = request.path_params["name"]
            back = f"/services/{name}"
            try:
                more = read(form) if read else {}
                answer = context.control.ask(
                    command, timeout=_LONGEST, service=name, via="dashboard", **more
                )
            except ValueError as error:
                return done(back, str(error), failed=True)
            except SupervisorAway as error:
                return done(back, f"The supervisor does not answer: {error}", failed=True)
            if "error" in answer:
                return done(back, str(answer["error"]), failed=True)
            return done(back, said.format(name=name, **more))

        return handle

    def fault(request: Request, form: dict[str, str]) -> Response:
        place, back = form.get("place", ""), f"/services/{request.path_params['name']}"
        try:
            request_of = {"off": True} if form.get("off") else _fault(form)
            answer = context.control.ask("fault", service=place, via="dashboard", **request_of)
        except ValueError as error:
            return done(back, str(error), failed=True)
        except SupervisorAway as error:
            return done(back, f"The supervisor does not answer: {error}", failed=True)
        if "error" in answer:
            return done(back, str(answer["error"]), failed=True)
        return done(back, f"{place} {'is as it was' if form.get('off') else 'has a fault now'}.")

    return [
        Route("/services", page),
        Route("/services/stream", stream),
        Route("/services/{name}", one),
        Route("/services/{name}/stream", one_stream),
        Route("/services/{name}/stop", confirm_stop, methods=["GET"]),
        action("/services/{name}/stop", doing("stop-service", "{name} is stopped.")),
        action("/services/{name}/start", doing("start-service", "{name} is started.")),
        action("/services/{name}/restart", doing("restart", "{name} was restarted.")),
        action(
            "/services/{name}/scale", doing("scale", "{name} has {count} web processes.", _count)
        ),
        action("/services/{name}/fault", fault),
    ]


def _one(context: Context, name: str) -> dict[str, Any] | None:
    """All that is known of a service or an engine; None where there is none of this name."""
    system = overview(context.control)
    rows = system.of(name)
    if not rows:
        return None
    group = system.group_of(name)
    endings = [ending for row in rows for ending in row.endings]
    run = context.settings.control.parent if context.settings.control else None
    is_stopped = all(row.state == "stopped" for row in rows)
    asked = group in system.versions and run is not None and not is_stopped
    return {
        "name": name,
        "group": group,
        "members": system.groups.get(group, []) if group else [],
        "is_django": group in system.versions,
        "version": system.versions.get(group or "", ""),
        "rows": rows,
        "is_stopped": is_stopped,
        "web_processes": sum(row.role == "web" for row in rows),
        "endings": sorted(endings, key=lambda ending: -(ending.at or 0))[:_ENDINGS],
        "ready": readiness(run, group) if asked and run and group else None,
        "faults_here": _faults_of(system, name),
        "away": system.away,
    }


def _gone(name: str) -> dict[str, Any]:
    return {"away": f"{name} is not to be seen: is the system down?"}


def _faults_of(system: Overview, name: str) -> list[dict[str, Any]]:
    members = {name, *system.groups.get(system.group_of(name) or "", [])}
    return [fault for fault in system.faults if fault["service"] in members]


def _environment(context: Context, name: str) -> list[dict[str, Any]]:
    try:
        return list(context.control.ask("environment", service=name).get("environment") or [])
    except SupervisorAway:
        return []


def _operations(context: Context, services: list[str]) -> list[tuple[str, str]]:
    """Service and name of each operation that a fault may befall."""
    declared = Manifest.of(context.operator).services
    return sorted(
        {
            (service, operation)
            for service in services
            for contract in declared.get(service, {}).get("contracts", {}).values()
            for operation in contract["operations"]
        }
    )


def _count(form: Mapping[str, str]) -> dict[str, Any]:
    text = form.get("count", "")
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_PROCESSES:
        raise ValueError(f"{text!r} is no number of processes from 1 to {_MOST_PROCESSES}.")
    return {"count": int(text)}


def _fault(form: Mapping[str, str]) -> dict[str, Any]:
    """What the supervisor is told; it checks the rest itself."""
    numbers = {}
    for name, default in (("delay", 0), ("status", 0), ("share", 100)):
        text = form.get(name, "").strip() or str(default)
        if not text.isdecimal():
            raise ValueError(f"{text!r} is no number: {name} of a fault.")
        numbers[name] = int(text)
    return {**numbers, "gone": bool(form.get("gone"))}
