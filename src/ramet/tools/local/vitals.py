"""Asks every process of a running system how it is, all at once and not for long."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ramet.system import probes
from ramet.tools.local import http
from ramet.tools.local.environment import probe_socket, web_socket

PATIENCE = probes.LONGEST + 0.5
"""Seconds: who does not answer within them is said not to. Who looks at a database that hangs does
so within LONGEST, and knows the reason: more than "no answer"."""


@dataclass(slots=True)
class Vitals:
    """How one process is: "ready", "degraded", "unready" or "no answer", and why."""

    health: str
    reasons: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Backlog:
    """What waits in the database of a group. `lag_seconds` is the age of the oldest event there,
    in outbox and inbox."""

    lag_seconds: float = 0.0
    waiting: int = 0
    dead_letters: int = 0
    stuck_sagas: int = 0


async def ask(
    run: Path, processes: list[dict[str, Any]], groups: list[str]
) -> tuple[dict[str, Vitals], dict[str, Backlog | None]]:
    """By process and by group, None for one that could not tell; `processes` are those of
    `ramet status --json`."""
    asked = {
        process["name"]: _socket(run, process["name"], process["role"])
        for process in processes
        if process["role"] in ("web", "worker", "celery") and process["pid"] is not None
    }
    vitals, backlogs = await asyncio.gather(
        asyncio.gather(*map(_vitals, asked.values())),
        asyncio.gather(*(_backlog(web_socket(run, group)) for group in groups)),
    )
    return dict(zip(asked, vitals, strict=True)), dict(zip(groups, backlogs, strict=True))


def _socket(run: Path, name: str, role: str) -> Path:
    if role != "web":
        return probe_socket(run, name)
    group, _, rest = name.rpartition("-web")
    return web_socket(run, group, int(rest.removeprefix("-") or 1))


async def _vitals(socket: Path) -> Vitals:
    status, body = await http.get(socket, probes.READY, timeout=PATIENCE)
    if status is None:
        return Vitals("no answer", [f"no answer within {PATIENCE:g} s"])
    if status not in (200, 503):  # it failed at answering
        return Vitals("unready", [f"{probes.READY} answers {status}"])
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    # A program of the user's answers in its own words.
    if not isinstance(found, dict) or "checks" not in found:
        return Vitals("ready" if status == 200 else "unready")
    reasons = [
        f"{name}: {check.get('output', check['status'])}"
        for name, (check,) in found["checks"].items()
        if check["status"] != "pass"
    ]
    health = {"pass": "ready", "warn": "degraded", "fail": "unready"}[found["status"]]
    return Vitals(health, reasons)


async def _backlog(socket: Path) -> Backlog | None:
    status, body = await http.get(socket, probes.METRICS, timeout=PATIENCE)
    return _read(body.decode()) if status == 200 else None


def _read(text: str) -> Backlog | None:
    """From Prometheus's format; the little of it that these lines have."""
    found, is_known = Backlog(), False
    for line in text.splitlines():
        labelled, _, value = line.rpartition(" ")
        name, _, labels = labelled.partition("{")
        match name:
            case "ramet_events_oldest_waiting_seconds" | "ramet_events_oldest_unsent_seconds":
                found.lag_seconds = max(found.lag_seconds, float(value))
            case "ramet_events_waiting":
                found.waiting += round(float(value))
            case "ramet_events_dead":
                found.dead_letters += round(float(value))
            case "ramet_sagas_runs" if 'status="stuck"' in labels:
                found.stuck_sagas += round(float(value))
            case "ramet_metrics_source_up" if 'source="events"' in labels:
                is_known = float(value) == 1
    return found if is_known else None
