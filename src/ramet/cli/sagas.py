"""Show the runs of sagas, resume one that needs a person, or have one turn back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ramet.cli import _databases
from ramet.cli._parameters import Commands, Option

COMMAND = "ramet_sagas"

app = Commands()

Service = Annotated[
    str | None, Option(help="Whose runs; unset: those of every service that has sagas.")
]
Json = Annotated[bool, Option("--json", help="For programs.")]


@app.command("list")
def show_list(
    service: Service = None,
    everything: Annotated[bool, Option("--all", help="Also runs that have ended.")] = False,
    status: Annotated[
        str | None,
        Option(help="running, compensating, stuck (needs a person), completed or compensated."),
    ] = None,
    saga: Annotated[str, Option(help="Part of the saga's name.")] = "",
    limit: Annotated[int, Option(help="At most so many.")] = 50,
    as_json: Json = False,
) -> int:
    """List the runs that have not ended, oldest first."""
    arguments = ["list", f"--limit={limit}", f"--saga={saga}"]
    arguments += ["--all"] * everything + [f"--status={status}"] * bool(status)
    groups = _of(service)
    if as_json:
        return _databases.merged(COMMAND, groups, [*arguments, "--json"])
    return max(_databases.manage(COMMAND, group, arguments) for group in groups)


@app.command()
def lag(service: Service = None, as_json: Json = False) -> int:
    """Count the runs of each saga by where they stand, and tell how old the oldest is."""
    groups = _of(service)
    if as_json:
        return _databases.merged(COMMAND, groups, ["lag", "--json"])
    return max(_databases.manage(COMMAND, group, ["lag"]) for group in groups)


@app.command()
def show(run: str, service: Service = None, as_json: Json = False) -> int:
    """Show one run with its state and what it did."""
    return _databases.first(COMMAND, _of(service), ["show", run, *["--json"] * as_json])


@app.command()
def resume(run: str, service: Service = None, as_json: Json = False) -> int:
    """Try the present step of a run again now, once its cause is repaired."""
    return _databases.first(COMMAND, _of(service), ["resume", run, *["--json"] * as_json])


@app.command()
def compensate(
    run: str,
    service: Service = None,
    why: Annotated[str, Option(help="Kept with the run.")] = "asked for by an operator",
    as_json: Json = False,
) -> int:
    """Have a run turn back that has not passed its pivot."""
    return _databases.first(
        COMMAND, _of(service), ["compensate", run, "--why", why, *["--json"] * as_json]
    )


def _of(service: str | None) -> list[str]:
    """Whom to ask; all where no code has sagas: runs may be left of one that was deleted."""
    having: list[Path] = []

    def has_any(folder: Path) -> bool:
        has = _has_sagas(folder)
        having.extend([folder] * has)
        return has

    groups = _databases.groups(service, has_any)
    if having or service is not None:
        return groups
    return _databases.groups(None, lambda _: True)


def _has_sagas(folder: Path) -> bool:
    return (folder / "sagas.py").exists() or (folder / "sagas").is_dir()
