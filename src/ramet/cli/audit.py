"""Show who did what, verify that nothing of it was changed, or remove what is old."""

from __future__ import annotations

from typing import Annotated

from ramet.cli import _databases
from ramet.cli._parameters import Argument, Commands, Option

COMMAND = "ramet_audit"

app = Commands()

Service = Annotated[str | None, Argument(help="Whose log; unset: that of every service.")]
Json = Annotated[bool, Option("--json", help="For programs.")]


@app.command("list")
def show_list(
    service: Service = None,
    user: Annotated[str, Option(help="The `sub` of a token, or os:NAME.")] = "",
    action: Annotated[str, Option(help="Such as changed or order.cancelled.")] = "",
    subject: Annotated[str, Option(help="The id of what it was done to.")] = "",
    request_id: Annotated[str, Option(help="As in the log lines and x-request-id.")] = "",
    since: Annotated[str, Option(help="Such as 2026-01-02T10:00:00Z.")] = "",
    until: Annotated[str, Option(help="Before that.")] = "",
    limit: Annotated[int, Option(help="At most so many of each database.")] = 50,
    as_json: Json = False,
) -> int:
    """List the latest entries, oldest first."""
    given = {
        "user": user,
        "action": action,
        "subject": subject,
        "request-id": request_id,
        "since": since,
        "until": until,
    }
    arguments = ["list", f"--limit={limit}"]
    arguments += [f"--{name}={value}" for name, value in given.items() if value]
    return _ask(service, arguments, as_json)


@app.command()
def verify(
    service: Service = None,
    head: Annotated[str, Option(help="A digest that was noted; name the service.")] = "",
    as_json: Json = False,
) -> int:
    """Compute the chain of seals anew; exit 1 where an entry was removed or changed."""
    return _ask(service, ["verify", *[f"--head={head}"] * bool(head)], as_json)


@app.command()
def prune(
    before: Annotated[str, Option(help="Such as 2026-01-02T00:00:00Z.")],
    service: Service = None,
    as_json: Json = False,
) -> int:
    """Remove the entries that are older; what proves the others stays."""
    return _ask(service, ["prune", f"--before={before}"], as_json)


def _ask(service: str | None, arguments: list[str], as_json: bool) -> int:
    groups = _databases.groups(service, lambda _: True)
    if as_json:
        return _databases.merged(COMMAND, groups, [*arguments, "--json"])
    return max(_databases.manage(COMMAND, group, arguments) for group in groups)
