"""Show how far events are behind, list dead letters, replay them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated, Any

import typer

from ramet.cli._local import here, manage_as, running

NOT_HERE = 3
"""What `manage.py ramet_events` exits with when no dead letter of its database matches."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Service = Annotated[str | None, typer.Option(help="Whose events; unset: those of every service.")]
Handler = Annotated[str, typer.Option(help="Part of the handler's name.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def lag(service: Service = None, as_json: Json = False) -> int:
    """Show what waits to be sent and to be worked off."""
    found = {each: _json(each, ["lag", "--json"]) for each in _groups(service)}
    if as_json:
        print(json.dumps(found, indent=2))
        return 0
    for name, group in found.items():
        print(f"{name}: {group['unsent']} to be sent, the oldest for {group['oldest_unsent']} s")
        for each in group["handlers"]:
            print(
                f"  {each['handler']}: {each['waiting']} waiting, the oldest for"
                f" {each['oldest']} s, {each['retrying']} tried again, {each['dead']} dead"
                + ("" if each["is_known"] else "; nothing subscribes under this name any more")
            )
    return 0


@app.command()
def dead(
    service: Service = None,
    handler: Handler = "",
    limit: Annotated[int, typer.Option(help="At most so many of each service.")] = 50,
    as_json: Json = False,
) -> int:
    """List the events whose handler gave up."""
    chosen = ["dead", "--json", f"--handler={handler}", f"--limit={limit}"]
    letters = [
        {"service": each} | letter for each in _groups(service) for letter in _json(each, chosen)
    ]
    if as_json:
        print(json.dumps(letters, indent=2, ensure_ascii=False))
        return 0
    for letter in letters:
        print(f"{letter['event_id']} {letter['type']} key {letter['key']}")
        print(f"  {letter['handler']}, {letter['attempts']} attempts, died {letter['died_at']}")
        print(f"  {letter['error']}")
    if not letters:
        print("no dead letters")
    return 0


@app.command()
def replay(
    event_ids: Annotated[list[str] | None, typer.Argument(help="From `ramet events dead`.")] = None,
    service: Service = None,
    handler: Handler = "",
    everything: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
) -> int:
    """Have dead letters tried again, in the order of their keys."""
    chosen = ["replay", f"--handler={handler}", *["--all"] * everything, *(event_ids or [])]
    if len(chosen) == 2 and not handler:
        print("name event ids, a --handler, or --all; see `ramet events dead`", file=sys.stderr)
        return 2
    codes = []
    for each in _groups(service):
        done = _run(each, chosen)
        codes.append(done.returncode)
        if done.returncode == 0:
            print(f"{each}: {done.stdout.strip()}")
        elif done.returncode != NOT_HERE:
            print(done.stderr, file=sys.stderr, end="")
    if all(code == NOT_HERE for code in codes):
        print("no dead letter matches; see `ramet events dead`", file=sys.stderr)
        return 1
    return max(code for code in codes if code != NOT_HERE)


def _groups(service: str | None) -> list[str]:
    """A service of each group, which stands for the database of the group."""
    if service is not None:
        return [service]
    _, folder = here()
    groups: dict[str, list[str]] = running(folder)["groups"]
    return [members[0] for members in groups.values()]


def _json(service: str, arguments: list[str]) -> Any:
    done = _run(service, arguments)
    if done.returncode:
        print(done.stderr, file=sys.stderr, end="")
        raise typer.Exit(1)
    return json.loads(done.stdout)


def _run(service: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    both = subprocess.PIPE
    return manage_as(service, "ramet_events", *arguments, stdout=both, stderr=both)
