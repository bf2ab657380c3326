"""`ramet status` for people: tables of 80 columns, without a word that only colour would say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

_COLOURS = {"ready": 32, "degraded": 33, "unready": 31, "no answer": 31, "failed": 31}
"""ANSI's numbers of green, yellow and red, for words that stand there anyway."""


def table(status: dict[str, Any], *, is_coloured: bool, now: datetime) -> str:
    """What `ramet status` prints; `status` is what it prints as JSON."""
    parts = [_head(status), _processes(status, is_coloured, now), _services(status)]
    if reasons := _reasons(status):
        parts.append(reasons)
    return "\n\n".join(parts)


def _head(status: dict[str, Any]) -> str:
    lines = [f"{status['system']}, as {status['placement']}: {status['gateway']}"]
    if status["dashboard"]:
        lines.append(f"dashboard {status['dashboard']}")
    if status["maintenance"]:
        lines.append(f"in maintenance: {', '.join(status['maintenance'])}")
    if status["stopped"]:
        lines.append(f"stopped: {', '.join(status['stopped'])}; `ramet start SERVICE` goes on")
    lines += [f"fault in front of {each['where']}: {each['what']}" for each in status["faults"]]
    return "\n".join(lines)


def _processes(status: dict[str, Any], is_coloured: bool, now: datetime) -> str:
    rows = [("PROCESS", "PID", "STATE", "HEALTH", "FOR", "RESTARTS")]
    rows += [
        (
            process["name"],
            str(process["pid"] or "-"),
            process["state"],
            process["health"] or "-",
            _age(process["since"], now),
            str(process["restarts"] or "-"),
        )
        for process in status["processes"]
    ]
    lines = _aligned(rows)
    return "\n".join(_painted(line) for line in lines) if is_coloured else "\n".join(lines)


def _services(status: dict[str, Any]) -> str:
    rows = [("SERVICES", "REQ/S", "FAILED", "CALLS/S", "FAILED", "LAG", "DEAD", "STUCK")]
    for group, services in status["groups"].items():
        rates = [status["rates"].get(service, {}) for service in services]
        backlog = status["backlogs"].get(group)
        rows.append(
            (
                group,
                *_rate(rates, "requests", "failed_requests"),
                *_rate(rates, "calls", "failed_calls"),
                *(
                    ("?", "?", "?")
                    if backlog is None
                    else (
                        f"{backlog['lag_seconds']:.0f}s",
                        str(backlog["dead_letters"]),
                        str(backlog["stuck_sagas"]),
                    )
                ),
            )
        )
    return "\n".join(_aligned(rows, right=True))


def _rate(rates: Sequence[dict[str, float]], kind: str, failed: str) -> tuple[str, str]:
    every = sum(each.get(kind, 0.0) for each in rates)
    bad = sum(each.get(failed, 0.0) for each in rates)
    return f"{every:.1f}", f"{bad / every:.1%}" if every else "-"


def _reasons(status: dict[str, Any]) -> str:
    """What is not well, a line each, and where to look."""
    lines = [
        f"{process['name']}: {reason}"
        for process in status["processes"]
        for reason in [*filter(None, [process["note"]]), *process["reasons"]]
    ]
    for group, backlog in status["backlogs"].items():
        if backlog and backlog["dead_letters"]:
            lines.append(f"{group}: {backlog['dead_letters']} dead letters; `ramet events dead`")
        if backlog and backlog["stuck_sagas"]:
            lines.append(
                f"{group}: {backlog['stuck_sagas']} sagas need a person;"
                " `ramet sagas list --status stuck`"
            )
    return "\n".join(["not well:", *(f"  {line}" for line in lines)]) if lines else ""


def _age(since: str, now: datetime) -> str:
    seconds = max(0.0, (now - datetime.fromisoformat(since)).total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def _aligned(rows: Sequence[tuple[str, ...]], *, right: bool = False) -> list[str]:
    """The rows in columns; with `right`, all but the first are numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if right and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _painted(line: str) -> str:
    for word, colour in _COLOURS.items():
        line = line.replace(f" {word} ", f" \x1b[{colour}m{word}\x1b[0m ")
    return line
