"""The ratchet: what crosses the boundaries of `ramet.toml` may get less, and never more.

What crosses today is written to a file that is committed; `ramet check` compares. Each crossing is
known by its kind, its ends and its field, and counted, so that code may move about freely.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from ramet.errors import DiagnosticError, Mistake
from ramet.system import System
from ramet.system.imports import Import
from ramet.tools.assess.boundaries.pins import owners
from ramet.tools.assess.facts import Edge, Scan
from ramet.tools.assess.findings import Report

__all__ = [
    "BASELINE",
    "Baseline",
    "Growth",
    "crossings",
    "grown",
    "growths",
    "importing",
    "read_baseline",
    "slack",
]

BASELINE = "ramet.assess.json"
"""The file's name, beside ramet.toml."""

_NOT_HELD = {"import", "import_typing", "import_chain", "trace", "history"}
"""Imports are held as `ramet check` finds them, by module; evidence depends on what was run."""

Crossings = dict[str, dict[str, int]]


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """By boundary (`orders -> payments`) and crossing (`fk orders.Order.payment payments.Payment`)
    how often it is there; `imports` likewise, by file and what is imported."""

    version: Literal[1] = 1
    boundaries: Crossings
    imports: Crossings = {}

    def as_json(self) -> bytes:
        """Sorted, a crossing a line, so that a review shows what has changed."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=2) + b"\n"


@dataclass(frozen=True, slots=True)
class Growth:
    """A crossing that there are more of than the baseline allows, with the place of one of them."""

    boundary: str
    edge: Edge
    allowed: int
    found: int


def crossings(scan: Scan | Report, system: System) -> Crossings:
    """What the baseline would be today."""
    return _counted((boundary, _key(edge)) for boundary, edge in _crossing(scan, system))


def importing(crossing: Iterable[Import]) -> Crossings:
    """What the baseline would have today of imports that cross."""
    return _counted(map(_place, crossing))


def _counted(found: Iterable[tuple[str, str]]) -> Crossings:
    counts: dict[str, Counter[str]] = {}
    for boundary, key in found:
        counts.setdefault(boundary, Counter())[key] += 1
    return {boundary: dict(keys) for boundary, keys in counts.items()}


def grown(crossing: Iterable[Import], allowed: Crossings) -> set[Import]:
    """Those imports that are more than the baseline allows."""
    seen: Counter[tuple[str, str]] = Counter()
    more = set()
    for each in crossing:
        boundary, key = place = _place(each)
        seen[place] += 1
        if seen[place] > allowed.get(boundary, {}).get(key, 0):
            more.add(each)
    return more


def _place(found: Import) -> tuple[str, str]:
    return f"{found.importer} -> {found.owner}", f"{found.where.rpartition(':')[0]} {found.target}"


def growths(
    scan: Scan | Report, system: System, allowed: Mapping[str, Mapping[str, int]]
) -> list[Growth]:
    """Every crossing that is new or there more often, each once, at its last place."""
    edges: dict[tuple[str, str], list[Edge]] = {}
    for boundary, edge in _crossing(scan, system):
        edges.setdefault((boundary, _key(edge)), []).append(edge)
    return [
        Growth(boundary, found[-1], limit, len(found))
        for (boundary, key), found in edges.items()
        if len(found) > (limit := allowed.get(boundary, {}).get(key, 0))
    ]


def slack(now: Mapping[str, Mapping[str, int]], allowed: Mapping[str, Mapping[str, int]]) -> int:
    """How many crossings the baseline allows that are gone: it could be tightened by so many."""
    return sum(
        max(0, limit - now.get(boundary, {}).get(key, 0))
        for boundary, keys in allowed.items()
        for key, limit in keys.items()
    )


def read_baseline(path: Path) -> Baseline:
    """Raises DiagnosticError where the file is no baseline."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DiagnosticError(
            Mistake(
                "not-a-baseline",
                where=str(path),
                found=str(error),
                expected="what `ramet assess PATH --baseline` writes",
                remedy="Restore it from git, or write it anew with that command.",
            )
        ) from None


def _crossing(scan: Scan | Report, system: System) -> Iterator[tuple[str, Edge]]:
    owner = owners(system, scan)
    services_of_apps: dict[str, set[str]] = {}
    for model, name in owner.items():
        services_of_apps.setdefault(model.partition(".")[0], set()).add(name)
    for app in scan.apps:
        if service := system.service_of_app(app.package):
            services_of_apps.setdefault(app.label, set()).add(service.name)

    def service_of(end: str) -> str | None:
        """Of a model, or of an app that one service alone has."""
        if end in owner:
            return owner[end]
        known = services_of_apps.get(end, set())
        return next(iter(known)) if len(known) == 1 else None

    offered = tuple(
        f"{app.package}.{module}." for app in scan.apps for module in ("contract", "events")
    )
    for edge in scan.edges:
        # What a service offers to others is there to be called.
        if edge.kind in _NOT_HELD or (edge.kind == "call" and edge.field.startswith(offered)):
            continue
        source, target = service_of(edge.source), service_of(edge.target)
        if source and target and source != target:
            yield f"{source} -> {target}", edge


def _key(edge: Edge) -> str:
    field = f".{edge.field}" if edge.field else ""
    return f"{edge.kind} {edge.source}{field} {edge.target}"
