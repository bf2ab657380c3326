"""Show how far events are behind, list dead letters, replay or discard them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated, Any
from uuid import UUID

from ramet.cli._local import here, manage_as, running
from ramet.cli._parameters import Argument, Commands, Option

app = Commands()

Ids = Annotated[list[str] | None, Argument(help="From `ramet events dead`.")]
Service = Annotated[str | None, Option(help="Whose events; unset: those of every service.")]
Handler = Annotated[str, Option(help="Part of the handler's name.")]
Type = Annotated[str, Option("--type", help="Part of the event's type.")]
Key = Annotated[str | None, Option(help="The whole key.")]
Since = Annotated[str | None, Option(help="Died then or later, as 2026-01-02T10:00:00Z.")]
Until = Annotated[str | None, Option(help="Died before that.")]
Error = Annotated[str, Option(help="Part of the error's text.")]
Everything = Annotated[bool, Option("--all", help="Every dead letter.")]
DryRun = Annotated[bool, Option("--dry-run", help="Change nothing, say how many.")]
Json = Annotated[bool, Option("--json", help="For programs.")]


@app.command()
def lag(service: Service = None, as_json: Json = False) -> int:
    """Show what waits to be sent and to be worked off."""
    found = {each: _json(each, ["lag", "--json"]) for each in _groups(service)}
    if as_json:
        print(json.dumps(found, indent=2))
        return 0
    for name, group in found.items():
        print(f"{name}: {group['unsent']} to be sent, the oldest for {group['oldest_unsent']} s")
        if group["scheduled"]:
            print(f"  {group['scheduled']} for later, the first in {group['next_scheduled']} s")
        for each in group["handlers"]:
            print(
                f"  {each['handler']}: {each['waiting']} waiting, the oldest for"
                f" {each['oldest']} s, {each['retrying']} tried again, {each['dead']} dead"
                + (f", {each['held']} held: {', '.join(each['held_types'])}" * bool(each["held"]))
                + ("" if each["is_known"] else "; nothing subscribes under this name any more")
            )
    return 0


@app.command()
def dead(
    event_ids: Ids = None,
    service: Service = None,
    handler: Handler = "",
    type_: Type = "",
    key: Key = None,
    since: Since = None,
    until: Until = None,
    error: Error = "",
    limit: Annotated[int, Option(help="At most so many of each service.")] = 50,
    discarded: Annotated[bool, Option(help="Those that were discarded.")] = False,
    as_json: Json = False,
) -> int:
    """List the events whose handler gave up."""
    chosen = _chosen(event_ids, handler, type_, key, since, until, error)
    arguments = ["dead", "--json", f"--limit={limit}", *["--discarded"] * discarded, *chosen]
    letters = [
        {"service": each} | letter for each in _groups(service) for letter in _json(each, arguments)
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
    event_ids: Ids = None,
    service: Service = None,
    handler: Handler = "",
    type_: Type = "",
    key: Key = None,
    since: Since = None,
    until: Until = None,
    error: Error = "",
    everything: Everything = False,
    dry_run: DryRun = False,
) -> int:
    """Have dead letters tried again, in the order of their keys."""
    chosen = _chosen(event_ids, handler, type_, key, since, until, error)
    return _change("replay", chosen, event_ids or [], service, everything, dry_run)


@app.command()
def discard(
    event_ids: Ids = None,
    service: Service = None,
    handler: Handler = "",
    type_: Type = "",
    key: Key = None,
    since: Since = None,
    until: Until = None,
    error: Error = "",
    everything: Everything = False,
    dry_run: DryRun = False,
) -> int:
    """Mark dead letters as never to be replayed; they are kept."""
    chosen = _chosen(event_ids, handler, type_, key, since, until, error)
    return _change("discard", chosen, event_ids or [], service, everything, dry_run)


@app.command()
def rights() -> int:
    """Print which rights each service's user of a NATS server needs, as JSON for its configuration.

    Derived from the code: who publishes, and who listens. A process with several services gets
    the rights of all of them. The system need not be up.
    """
    from ramet.placement.messaging import messaging
    from ramet.system import load
    from ramet.tools.local.broker_rights import rights as rights_of

    system = load()
    found = messaging(system)
    users = [
        {"user": name, "permissions": rights_of(system.name, name, [name], found).as_json()}
        for name, service in system.services.items()
        if service.is_django
    ]
    print(json.dumps({"users": users}, indent=2))
    return 0


def _chosen(
    event_ids: list[str] | None,
    handler: str,
    type_: str,
    key: str | None,
    since: str | None,
    until: str | None,
    error: str,
) -> list[str]:
    """The same choice for `manage.py ramet_events`."""
    options = {"handler": handler, "type": type_, "since": since, "until": until, "error": error}
    narrowing = [f"--{name}={value}" for name, value in options.items() if value]
    return [*narrowing, *([] if key is None else [f"--key={key}"]), *(event_ids or [])]


def _change(
    deed: str,
    chosen: list[str],
    event_ids: list[str],
    service: str | None,
    everything: bool,
    dry_run: bool,
) -> int:
    if not chosen and not everything:
        print(
            "name event ids, an option that narrows, or --all; see `ramet events dead`",
            file=sys.stderr,
        )
        return 2
    try:
        wanted = [str(UUID(each)) for each in event_ids]
    except ValueError:
        print(f"an event id is a UUID: {', '.join(event_ids)}", file=sys.stderr)
        return 2
    arguments = [deed, "--json", *["--all"] * everything, *["--dry-run"] * dry_run, *chosen]
    done = {each: _json(each, arguments) for each in _groups(service)}
    told = "tried again" if deed == "replay" else "kept and never tried again"
    for name, answer in done.items():
        if answer["count"]:
            print(f"{name}: {answer['count']} {'would' if dry_run else 'will'} be {told}")
        if answer["withheld"]:
            print(
                f"{name}: {answer['withheld']} not from their producer stay dead unless named by id"
            )
    missing = {
        each: {answer["missing"].get(each, "") for answer in done.values()} for each in wanted
    }
    lost = {each: states - {"unknown"} for each, states in missing.items() if "" not in states}
    for each, states in lost.items():
        print(f"no dead letter: {each} ({', '.join(sorted(states)) or 'unknown'})", file=sys.stderr)
    if not lost and not any(answer["count"] for answer in done.values()):
        print("no dead letter matches; see `ramet events dead`", file=sys.stderr)
        return 1
    return int(bool(lost))


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
        sys.exit(done.returncode if done.returncode == 2 else 1)
    return json.loads(done.stdout)


def _run(service: str, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    both = subprocess.PIPE
    return manage_as(service, "ramet_events", *arguments, stdout=both, stderr=both)
