"""Run several web processes of a service."""

from __future__ import annotations

from typing import Annotated

from ramet.cli._local import ask, folder_here
from ramet.cli._parameters import Argument

_MOST = 32


def command(
    service_count: Annotated[
        str, Argument(metavar="SERVICE=N", help="Such as orders=3; from 1 to 32.")
    ],
) -> int:
    """Run N web processes of a service. The gateway spreads requests over them at once."""
    from ramet.errors import DiagnosticError, Mistake

    service, _, count = service_count.partition("=")
    if not count.isdecimal() or not 1 <= int(count) <= _MOST:
        raise DiagnosticError(
            Mistake(
                reference="invalid-scale",
                where="ramet scale",
                found=service_count,
                expected=f"SERVICE=N with N from 1 to {_MOST}",
                remedy="for example `ramet scale orders=2`",
            )
        )
    folder = folder_here()
    request = {"command": "scale", "service": service, "count": int(count)}
    return ask(folder, request, f"{service} has {int(count)} web processes")
