"""Show how the local system is: its processes, what its services do, and what is not well."""

from __future__ import annotations

from typing import Annotated, Any

from ramet.cli._local import FAILED, folder_here, name_of
from ramet.cli._parameters import Option

_PUBLIC = (
    "system",
    "placement",
    "gateway",
    "dashboard",
    "ready",
    "first_request_seconds",
    "memory_mb",
    "groups",
    "versions",
    "faults",
    "stopped",
    "maintenance",
    "processes",
)


def command(
    json: Annotated[bool, Option(help="For programs; see the reference.")] = False,
) -> int:
    """Show each process with its health, what each service does and has waiting, and what is not
    well and why; exit code 1 when the system is down."""
    from ramet.tools.local.state import StateFile

    folder = folder_here()
    state_file = StateFile(folder)
    if state_file.running_supervisor() is None:
        if json:
            print(
                '{"ready": false, "gateway": null, "dashboard": null, "processes": []}', flush=True
            )
        else:
            print(f"{name_of(folder)} is not running; `ramet up` starts it")
        return FAILED
    state = state_file.read() or {}
    status = {name: state.get(name) for name in _PUBLIC} | _facts(state)
    if json:
        import json as encoder

        print(encoder.dumps(status, indent=2))
    else:
        import sys
        from datetime import UTC, datetime

        from ramet.cli._status_table import table
        from ramet.cli._summary import dashboard_link

        if status["dashboard"]:
            status["dashboard"] = dashboard_link(status["dashboard"], folder)
        print(table(status, is_coloured=sys.stdout.isatty(), now=datetime.now(UTC)))
    return 0


def _facts(state: dict[str, Any]) -> dict[str, Any]:
    """What only the running processes know: their health, and what the services do."""
    import asyncio
    from dataclasses import asdict

    from ramet.tools.local import control, vitals

    folder = folder_here()

    def ask_rates() -> dict[str, Any]:
        try:
            return control.ask(folder.control, {"command": "rates"}, timeout=vitals.PATIENCE)
        except (OSError, ValueError):  # it is ending, or busy; the rest is known all the same
            return {}

    async def ask_all() -> tuple[Any, dict[str, Any]]:
        probed, rates = await asyncio.gather(
            vitals.ask(folder.run, state["processes"], [*state["groups"]]),
            asyncio.to_thread(ask_rates),
        )
        return probed, rates

    (found, backlogs), answer = asyncio.run(ask_all())
    processes = [
        process
        | {
            "health": found[process["name"]].health if process["name"] in found else None,
            "reasons": found[process["name"]].reasons if process["name"] in found else [],
        }
        for process in state["processes"]
    ]
    return {
        "processes": processes,
        "rates": answer.get("rates", {}),
        "backlogs": {
            group: asdict(backlog) if backlog is not None else None
            for group, backlog in backlogs.items()
        },
    }
