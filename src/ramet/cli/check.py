"""Check the boundaries between services; exit 1 when one is broken."""

import json as json_format
from typing import Annotated, TypedDict

import typer

__all__ = ["command"]

ERROR = 40  # django.core.checks.ERROR, without importing Django


class Finding(TypedDict):
    """One finding; `level` is one of Django's, from 10 (debug) to 50 (critical)."""

    id: str
    level: int
    where: str
    message: str
    hint: str


def command(
    *, json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False
) -> int:
    """Check ramet.toml, the imports between services, and the project with Django's own checks.

    Findings are errors, which make the exit code 1, or warnings, which do not.
    """
    from ramet.cli._project import ask
    from ramet.errors import DiagnosticError
    from ramet.placement.imports import explained, imports
    from ramet.system import load

    system = load()
    findings = [
        Finding(id=identifier, level=ERROR, where=found.where, message=message, hint=hint)
        for found in imports(system)
        if not found.is_allowed
        for identifier, message, hint in [explained(found)]
    ]
    reported = {finding["id"] for finding in findings}
    try:
        answer = ask(system, "ramet_check")
    except DiagnosticError:
        # An import across a boundary may be the very reason why the project does not start.
        _show(findings)
        raise
    asked: list[Finding] = json_format.loads(answer)
    findings += [finding for finding in asked if finding["id"] not in reported]
    if json:
        print(json_format.dumps(findings, indent=2, ensure_ascii=False))
    else:
        _show(findings)
        errors = sum(finding["level"] >= ERROR for finding in findings)
        print(
            f"{len(system.services)} services: {errors} errors, {len(findings) - errors} warnings."
        )
    return int(any(finding["level"] >= ERROR for finding in findings))


def _show(findings: list[Finding]) -> None:
    for finding in findings:
        kind = "error" if finding["level"] >= ERROR else "warning"
        print(f"{finding['where'] or 'settings'}: {finding['id']} ({kind})")
        print(f"  found   {finding['message']}")
        if finding["hint"]:
            print(f"  remedy  {finding['hint']}")
        print()
