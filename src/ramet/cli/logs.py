"""Show what services and engines wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ramet.cli._local import folder_here
from ramet.cli._parameters import Argument, Option


def command(
    service: Annotated[
        str | None, Argument(help="A service or an engine; all if left out.")
    ] = None,
    follow: Annotated[
        bool, Option("--follow", "-f", help="Go on as they write, until Ctrl-C.")
    ] = False,
    lines: Annotated[
        int | None, Option("--lines", "-n", help="How many of each file; 20 unless chosen.")
    ] = None,
    level: Annotated[
        str, Option(help="At least so bad: debug, info, warning, error, critical.")
    ] = "debug",
    trace: Annotated[str, Option(help="Of one trace, by its id.")] = "",
    since: Annotated[
        str, Option(help="From then on: 5m ago, or a time as 2026-01-02T10:00:00Z.")
    ] = "",
    as_json: Annotated[bool, Option("--json", help="For programs: a JSON object a line.")] = False,
) -> None:
    """Show the last lines of each process's log, in the order of their times.

    With --level, --trace or --since all lines that fit are shown. Works also when the system is
    down: logs stay until the next `ramet up --fresh`.
    """
    from ramet.errors import DiagnosticError, Mistake
    from ramet.system import load, placement
    from ramet.tools.local import log_lines, logs
    from ramet.tools.local.state import StateFile

    choice = log_lines.Choice(_level(level), trace.lower(), _moment(since) if since else None)
    folder = folder_here()
    groups = (StateFile(folder).read() or {}).get("groups") or {}
    if service and not groups:
        system = load()
        groups = {
            group.name: list(group.services)
            for text in ("services", "monolith")
            for group in placement(system, text)
        }
    files = logs.files(folder, service, groups)
    if not files:
        raise DiagnosticError(
            Mistake(
                reference="no-logs",
                where=str(folder.logs),
                found=f"no log of {service or 'any service'}",
                expected="a service, or an engine (postgres, nats, envoy, dashboard), that has run",
                remedy="see `ramet status` for their names",
            )
        )
    if lines is None and choice.is_everything:
        lines = 20
    width = max(len(file.stem) for file in files)

    def show(line: log_lines.Line) -> None:
        print(line.as_json() if as_json else line.shown(width), flush=True)

    for line in log_lines.in_order(
        each for file in files for each in log_lines.last(file, choice, lines)
    ):
        show(line)
    if follow:
        times: dict[str, str] = {}
        for name, text in logs.follow(files):
            line = log_lines.Line.read(name, text, times.get(name, ""))
            times[name] = line.time
            if choice.takes(line):
                show(line)


def _level(text: str) -> str:
    from ramet.errors import DiagnosticError, Mistake
    from ramet.tools.local.log_lines import LEVELS

    if text in LEVELS:
        return text
    raise DiagnosticError(
        Mistake("unknown-level", "--level", f'"{text}"', ", ".join(LEVELS), "Write one of these.")
    )


def _moment(text: str) -> datetime:
    """`5m` is five minutes ago."""
    import re
    from datetime import UTC, timedelta

    from ramet.errors import DiagnosticError, Mistake
    from ramet.system import units

    if re.fullmatch(r"[0-9]{1,6}[smhd]", text):
        return datetime.now(UTC) - timedelta(seconds=units.seconds(text))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise DiagnosticError(
            Mistake(
                "invalid-time",
                "--since",
                f'"{text}"',
                "a number with s, m, h or d, or a time in RFC 3339",
                "Write 5m, or 2026-01-02T10:00:00Z.",
            )
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
