"""Check the boundaries between services; exit 1 when one is broken."""

from __future__ import annotations

import json as json_format
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, TypedDict

from ramet.cli._parameters import Option
from ramet.errors import DiagnosticError, Mistake

if TYPE_CHECKING:
    from ramet.system import System
    from ramet.system.imports import Import
    from ramet.tools.assess.boundaries.ratchet import Baseline

__all__ = ["command"]

WARNING, ERROR, CRITICAL = 30, 40, 50  # of django.core.checks, without importing Django


class Finding(TypedDict):
    """One finding; `level` is one of Django's, from 10 (debug) to 50 (critical)."""

    id: str
    level: int
    where: str
    message: str
    hint: str


def command(*, json: Annotated[bool, Option(help="Print the findings as JSON.")] = False) -> int:
    """Check ramet.toml, imports between services, files for secrets, and what Django checks.

    Findings are errors, which make the exit code 1, or warnings, which do not. Where the project
    does not start, or ramet.toml is wrong, that is the last finding and the exit code is 2.
    """
    findings: list[Finding] = []
    try:
        services = _check(findings)
    except DiagnosticError as error:
        # What was found before is told all the same: an import across a boundary may be the very
        # reason why the project does not start.
        if json:
            _print_json([*findings, *_as_findings(error.mistakes, CRITICAL)])
        else:
            _show(findings)
        raise
    if json:
        _print_json(findings)
    else:
        _show(findings)
        errors = sum(finding["level"] >= ERROR for finding in findings)
        print(f"{services} services: {errors} errors, {len(findings) - errors} warnings.")
    return int(any(finding["level"] >= ERROR for finding in findings))


def _check(findings: list[Finding]) -> int:
    """Add what is found, at once when it is, and return the number of services."""
    from ramet.system import load
    from ramet.system.committed import committed_secrets
    from ramet.system.imports import imports

    system = load()
    crossing = [found for found in imports(system) if not found.is_allowed]
    baseline = _baseline(system)
    findings += _imports(crossing, baseline)
    findings += _as_findings(committed_secrets(system.root), ERROR)
    if baseline is not None:
        findings += _growths(system, crossing, baseline)
    reported = {finding["id"] for finding in findings}
    asked = _asked(system, is_needed=baseline is None)
    findings += [finding for finding in asked if finding["id"] not in reported]
    return len(system.services)


def _asked(system: System, *, is_needed: bool) -> list[Finding]:
    """What the project's Django finds.

    A monolith whose boundaries a baseline holds need not have Ramet yet: that is a warning then.
    """
    from ramet.cli._project import NOT_INSTALLED, ask

    try:
        found: list[Finding] = json_format.loads(ask(system, "ramet_check"))
    except DiagnosticError as error:
        if is_needed or error.mistakes[0].reference != NOT_INSTALLED:
            raise
        return list(_as_findings(error.mistakes, WARNING))
    return found


def _imports(crossing: list[Import], baseline: Baseline | None) -> Iterator[Finding]:
    """Imports across boundaries; those that the baseline has are warnings."""
    from ramet.system.imports import explained

    more = set(crossing)
    if baseline is not None:
        from ramet.tools.assess.boundaries.ratchet import grown

        more = grown(crossing, baseline.imports)
    for found in crossing:
        identifier, message, hint = explained(found)
        level = ERROR if found in more else WARNING
        yield Finding(id=identifier, level=level, where=found.where, message=message, hint=hint)


def _baseline(system: System) -> Baseline | None:
    """The committed one, if there is one."""
    from ramet.tools.assess.boundaries.ratchet import BASELINE, read_baseline

    path = system.root / BASELINE
    return read_baseline(path) if path.is_file() else None


def _growths(system: System, crossing: list[Import], baseline: Baseline) -> Iterator[Finding]:
    """What crosses a boundary beyond the baseline.

    One that allows more than there is, is a warning: it could be tightened.
    """
    from ramet.cli._extras import need_assess
    from ramet.tools.assess.boundaries.ratchet import (
        BASELINE,
        crossings,
        growths,
        importing,
        slack,
    )
    from ramet.tools.assess.looking import Wanted, cache_folder, looked_at

    need_assess("ramet check, with a baseline,")
    allowed = baseline.boundaries
    scan = looked_at(Wanted(system.root, settings=system.settings), cache_folder(system.root))
    for growth in growths(scan, system, allowed):
        edge = growth.edge
        yield Finding(
            id="boundary-got-worse",
            level=ERROR,
            where=f"{edge.file}:{edge.line}",
            message=f"{edge.kind} of {edge.source} to {edge.target} crosses {growth.boundary} "
            f"({growth.found}; {BASELINE} allows {growth.allowed}).",
            hint="Take it back, or use a contract or an event; where it has to be, "
            "`ramet assess . --baseline` allows it.",
        )
    loose = slack(crossings(scan, system), allowed)
    loose += slack(importing(crossing), baseline.imports)
    if loose:
        number = "1 connection is" if loose == 1 else f"{loose} connections are"
        yield Finding(
            id="baseline-is-loose",
            level=WARNING,
            where=BASELINE,
            message=f"{number} gone that it allows to cross a boundary.",
            hint="`ramet assess . --baseline` holds on to that.",
        )


def _as_findings(mistakes: Iterable[Mistake], level: int) -> list[Finding]:
    return [
        Finding(
            id=mistake.reference,
            level=level,
            where=mistake.where,
            message=f"{mistake.found}; expected {mistake.expected}",
            hint=mistake.remedy,
        )
        for mistake in mistakes
    ]


def _print_json(findings: list[Finding]) -> None:
    print(json_format.dumps(findings, indent=2, ensure_ascii=False))


def _show(findings: list[Finding]) -> None:
    for finding in findings:
        kind = "error" if finding["level"] >= ERROR else "warning"
        print(f"{finding['where'] or 'settings'}: {finding['id']} ({kind})")
        print(f"  found   {finding['message']}")
        if finding["hint"]:
            print(f"  remedy  {finding['hint']}")
        print()
