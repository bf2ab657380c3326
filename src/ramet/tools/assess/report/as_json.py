"""The report as JSON, its published schema, and reading it back for a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.assess.findings import Report

__all__ = ["as_json", "json_schema", "read_report"]

_REMEDY = "Make it anew: `ramet assess PATH --json FILE`."


def as_json(report: Report) -> Iterator[bytes | memoryview]:
    """UTF-8, indented by two blanks, the same bytes for the same report.

    They come field by field, to be written at once: as one text they are tens of MB of a large
    project, several times over.
    """
    start = b"{"
    for name in report.__struct_fields__:
        yield start
        yield memoryview(_object({name: getattr(report, name)}))[1:-2]
        start = b","
    yield b"\n}\n"


def _object(content: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.format(msgspec.json.encode(content), indent=2)
    except UnicodeEncodeError:
        import json  # seldom needed

        # A file's name with bytes that are no UTF-8: Python has them as lone surrogates, which
        # JSON may have as escapes only.
        return json.dumps(msgspec.to_builtins(content), indent=2).encode()


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of what `as_json` writes."""
    schema = msgspec.json.schema(Report)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ramet assess --json",
        **schema,
    }


def read_report(path: Path) -> Report:
    """What an earlier run wrote; DiagnosticError where it is something else."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise _refused(
            "unreadable-report", path, error.strerror or str(error), "a file", _REMEDY
        ) from None
    try:
        msgspec.json.decode(text)  # all of it, for what is cut off may begin well
        version = msgspec.json.decode(text, type=_Head).version
    except msgspec.ValidationError:
        version = None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refused(
            "not-a-report", path, f"no JSON: {error}", "what --json wrote", _REMEDY
        ) from None
    if version is None:
        found = "JSON without a version"
        raise _refused("not-a-report", path, found, "what --json wrote", _REMEDY)
    if version != 1:
        found = f"version {version!r}"
        raise _refused("another-version", path, found, "a report of version 1", _REMEDY)
    try:
        return msgspec.json.decode(text, type=Report)
    except msgspec.ValidationError as error:
        raise _refused("not-a-report", path, str(error), "what --json wrote", _REMEDY) from None


class _Head(msgspec.Struct):
    version: int | str


def _refused(reference: str, path: Path, found: str, expected: str, remedy: str) -> DiagnosticError:
    return DiagnosticError(Mistake(reference, str(path), found, expected, remedy))
