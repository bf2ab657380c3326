"""From the text of `ramet.toml` to a `System`, or to every mistake in it at once."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from ramet.errors import DiagnosticError, Mistake
from ramet.system import units
from ramet.system.addresses import address
from ramet.system.document import Document
from ramet.system.edge_reading import gateway, service_at_the_edge
from ramet.system.fields import CANDIDATE, INFRASTRUCTURE, SERVICE, SYSTEM, TABLES, TELEMETRY
from ramet.system.model import Infrastructure, Service, System, Telemetry
from ramet.system.rules import broken_rules

__all__ = ["FILE_NAME", "find", "load"]

FILE_NAME = "ramet.toml"


def find(start: Path) -> Path:
    """The `ramet.toml` in a folder or the nearest of its parents; DiagnosticError without one."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / FILE_NAME).is_file():
            return candidate / FILE_NAME
    raise DiagnosticError(
        Mistake(
            "no-system",
            where=str(folder),
            found=f"no {FILE_NAME} here or in a parent folder",
            expected=f"a {FILE_NAME}, which declares a system",
            remedy="Change to the folder of your project, or write one beside its manage.py.",
        )
    )


def load(path: Path | None = None) -> System:
    """The system that a file declares; without a path, the one that `find` finds from here.

    Raises DiagnosticError with every mistake of the file together, each with its line.
    """
    path = find(Path.cwd()) if path is None else path.resolve()
    shown = _shown(path)
    text = _text(path, shown)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DiagnosticError(_malformed(text, shown, error)) from None
    document = Document(content, text, shown)
    system = _system(document, path)
    mistakes = [*document.mistakes, *broken_rules(system, document)]
    if mistakes:
        raise DiagnosticError(*sorted(mistakes, key=lambda mistake: document.line(mistake.where)))
    return system


def _system(document: Document, path: Path) -> System:
    document.refuse_unknown((), TABLES)
    head = document.values(("system",), SYSTEM, is_required=True)
    services = {
        name: _service(name, document.values(("services", name), SERVICE))
        for name in document.names(("services",))
    }
    return System(
        name=head.get("name", ""),
        settings=head.get("settings", ""),
        services=services,
        gateway=gateway(document, path.parent),
        infrastructure=Infrastructure(**document.values(("infrastructure",), INFRASTRUCTURE)),
        path=path,
        telemetry=_telemetry(document),
        candidates=_candidates(document),
    )


def _service(name: str, values: dict[str, Any]) -> Service:
    return Service(
        name=name,
        apps=values.get("apps", ()),
        routes=values.get("routes", ()),
        owner=values.get("owner"),
        command=values.get("command", ()),
        contract=values.get("contract"),
        calls=values.get("calls", ()),
        **service_at_the_edge(values),
    )


def _candidates(document: Document) -> dict[str, tuple[str, ...]]:
    if not document.content.get("candidates"):
        return {}
    return {
        name: document.values(("candidates", name), CANDIDATE, is_required=True).get("models", ())
        for name in document.names(("candidates",))
    }


def _telemetry(document: Document) -> Telemetry:
    values = document.values(("telemetry",), TELEMETRY)
    if "slow" in values:
        values["slow"] = units.duration(values["slow"])
    values["scrape"] = address(document, values, "telemetry", "scrape", TELEMETRY)
    return Telemetry(**values)


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        found, remedy = error.strerror or str(error), "Give the path of a file that you may read."
    except UnicodeDecodeError as error:
        found = f"a byte that is not UTF-8 at offset {error.start}"
        remedy = "Save the file as UTF-8."
    raise DiagnosticError(Mistake("unreadable-file", shown, found, "a TOML file in UTF-8", remedy))


def _malformed(text: str, shown: str, error: tomllib.TOMLDecodeError) -> Mistake:
    # Python 3.14 has attributes for the position; before, it is only in the message.
    message = str(error)
    lines = text.splitlines() or [""]
    position = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    number = int(position[1]) if position and position[1] else len(lines)
    line = lines[number - 1].strip() if number <= len(lines) else ""
    what = message[: position.start()] if position else message
    return Mistake(
        "malformed-toml",
        where=f"{shown}:{number}",
        found=f"{what}, in: {line}" if line else what,
        expected="TOML 1.0 (https://toml.io)",
        remedy="Correct this line; look for a quote or a bracket that is not closed.",
    )


def _shown(path: Path) -> str:
    """As short as still unambiguous, so that terminals and editors open it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
