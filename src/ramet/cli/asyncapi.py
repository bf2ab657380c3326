"""Print an AsyncAPI document of the events: channels, who sends, who receives, payloads."""

from __future__ import annotations

import json
import os
from typing import Annotated

from ramet.cli._parameters import Argument
from ramet.errors import DiagnosticError, Mistake
from ramet.system.asyncapi import document
from ramet.system.secrets import resolved

__all__ = ["command"]


def command(
    service: Annotated[str, Argument(help="Only what this service does.")] = "",
) -> int:
    """Print an AsyncAPI 3.0 document, as JSON, of the events that the code declares now."""
    from ramet.cli._project import ask
    from ramet.system import load

    system = load()
    if service and service not in system.services:
        raise DiagnosticError(
            Mistake(
                "unknown-service",
                where=str(system.path),
                found=f"no service {service!r}",
                expected=f"one of {', '.join(system.services)}",
                remedy="name one of them, or none for the whole system",
            )
        )
    manifest = json.loads(ask(system, "ramet_manifest"))
    found = document(manifest, _resolved(system.infrastructure.broker), service)
    print(json.dumps(found, indent=2, ensure_ascii=False))
    return 0


def _resolved(broker: str) -> str:
    """The URL that `$NAME` or `file:/path` stands for, where it is known here."""
    try:
        return resolved(broker, os.environ, "[infrastructure] broker")
    except DiagnosticError:
        return broker
