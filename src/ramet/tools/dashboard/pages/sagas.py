"""Sagas: each run as a timeline of its steps; resume one that is stuck, or have it turn back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ramet.tools.dashboard.actions import action, done
from ramet.tools.dashboard.context import Context
from ramet.tools.dashboard.manifest import Manifest
from ramet.tools.dashboard.operator import Failed
from ramet.tools.dashboard.rendering import Entry
from ramet.tools.dashboard.timeline import timeline
from ramet.tools.dashboard.times import nanoseconds

__all__ = ["ENTRY", "routes"]

ENTRY = Entry("Sagas", "/sagas", "M5 5h6v5H5zM13 14h6v5h-6zM8 10v6.5h5")

_LIMIT = 50
_EVERY = 5.0
_STATUSES = ("running", "compensating", "stuck", "completed", "compensated")
_FILTERS = ("status", "saga", "service", "find")
_DEEDS = ("resume", "compensate")
_TIMES = ("created_at", "due_at", "finished_at")


def routes(context: Context) -> list[BaseRoute]:
    """The list and its stream, one run and its stream, and what can be done to it."""
    operator = context.operator

    def listed(query: Mapping[str, str]) -> dict[str, Any]:
        status, saga, service, find = (query.get(name, "").strip() for name in _FILTERS)
        arguments = ["list", "--json", "--for-page", "--newest", f"--limit={_LIMIT}"]
        arguments += [f"--saga={saga}"] if saga else []
        arguments += [f"--find={find}"] if find else []
        if status in _STATUSES:
            arguments.append(f"--status={status}")
        elif status != "open":
            arguments.append("--all")
        if service or saga or find:
            # Not remembered: what somebody may look for has no end.
            groups = [service] if service else None
            answers = operator.everywhere("ramet_sagas", *arguments, groups=groups)
        else:
            answers = operator.lately("ramet_sagas", *arguments)
        runs = [
            {**run, "group": group, **{name: nanoseconds(run[name]) for name in _TIMES}}
            for group, answer in answers.of.items()
            for run in answer
        ]
        runs.sort(key=lambda run: -(run["created_at"] or 0))
        return {"runs": runs[:_LIMIT], "is_cut": len(runs) >= _LIMIT, "failed": answers.failed}

    def page(request: Request) -> Response:
        return context.renderer.page(
            request,
            "sagas.html",
            statuses=_STATUSES,
            chosen={name: request.query_params.get(name, "") for name in _FILTERS},
            sagas=_names(Manifest.of(operator)),
            groups=operator.groups(),
            query=request.url.query,
            **listed(request.query_params),
        )

    def stream(request: Request) -> Response:
        return context.renderer.stream(
            request, "sagas_list.html", lambda: listed(request.query_params), every=_EVERY
        )

    def shown(group: str, run_id: str) -> dict[str, Any]:
        """One run. Raises Failed."""
        run = operator.ask(group, "ramet_sagas", "show", "--json", "--for-page", run_id)
        declared = Manifest.of(operator).saga(run["saga"], run["version"])
        return {
            "group": group,
            "rows": timeline(run, declared, time.time_ns()),
            "run": run,
            "times": {name: nanoseconds(run[name]) for name in _TIMES},
            "state": json.dumps(run["state"], indent=2, ensure_ascii=False),
            "replies": [
                {**reply, "received_at": nanoseconds(reply["received_at"])}
                for reply in run["replies"]
            ],
        }

    def one(request: Request) -> Response:
        group, run_id = _place(request)
        if run_id is None:
            return context.renderer.missing(request, "such run")
        try:
            values = shown(group, run_id)
        except Failed as error:
            return context.renderer.page(
                request, "sagas_away.html", 404, run_id=run_id, why=str(error)
            )
        return context.renderer.page(request, "sagas_one.html", **values)

    def one_stream(request: Request) -> Response:
        group, run_id = _place(request)
        if run_id is None:
            return context.renderer.missing(request, "such run")

        def values() -> dict[str, Any]:
            try:
                return {**shown(group, run_id), "away": ""}
            except Failed as error:
                return {"away": str(error)}

        return context.renderer.stream(request, "sagas_run.html", values, every=_EVERY)

    def confirm(request: Request) -> Response:
        group, run_id = _place(request)
        deed = request.path_params["deed"]
        if run_id is None or deed not in _DEEDS:
            return context.renderer.missing(request, "such page")
        try:
            values = shown(group, run_id)
        except Failed as error:
            return done("/sagas", str(error), failed=True)
        return context.renderer.page(request, "sagas_confirm.html", deed=deed, **values)

    def change(request: Request, form: dict[str, str]) -> Response:
        group, run_id = _place(request)
        deed = request.path_params["deed"]
        if run_id is None or deed not in _DEEDS:
            return context.renderer.missing(request, "such page")
        why = [f"--why={form['why'].strip()}"] if form.get("why", "").strip() else []
        back = f"/sagas/{group}/{run_id}"
        try:
            operator.ask(
                group, "ramet_sagas", deed, "--json", *(why if deed == "compensate" else []), run_id
            )
        except Failed as error:
            return done(back, str(error), failed=True)
        operator.forget()
        said = {"resume": "The run goes on.", "compensate": "The run turns back."}
        return done(back, said[deed])

    return [
        Route("/sagas", page),
        Route("/sagas/stream", stream),
        Route("/sagas/{group}/{id}", one),
        Route("/sagas/{group}/{id}/stream", one_stream),
        Route("/sagas/{group}/{id}/{deed}", confirm, methods=["GET"]),
        action("/sagas/{group}/{id}/{deed}", change),
    ]


def _place(request: Request) -> tuple[str, str | None]:
    """Group and run of the address; None for what is no id of a run."""
    try:
        return request.path_params["group"], str(UUID(request.path_params["id"]))
    except ValueError:
        return request.path_params["group"], None


def _names(manifest: Manifest) -> list[str]:
    found = (name for each in manifest.services.values() for name in each.get("sagas", {}))
    return sorted({name.rpartition(".v")[0] for name in found})
