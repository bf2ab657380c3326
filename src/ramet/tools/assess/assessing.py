"""The whole assessment, one step after the other."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ramet.tools.assess.boundaries import home, pins, system_of
from ramet.tools.assess.facts import Scan
from ramet.tools.assess.findings import Report
from ramet.tools.assess.judgement import assemble, judge
from ramet.tools.assess.looking import Wanted, looked_at
from ramet.tools.assess.report import with_excerpts
from ramet.tools.assess.source.reading import Progress

__all__ = ["assess"]


def assess(
    wanted: Wanted, *, seeds: int, cache: Path | None, progress: Progress | None = None
) -> Report:
    """Scan, evidence, judgement and excerpts.

    Raises DiagnosticError where there is no Django project, where its `ramet.toml` is wrong, and
    where evidence was asked for that cannot be had; whatever else cannot be seen is a gap.
    """
    found = looked_at(wanted, cache, progress)
    if progress is not None:
        progress(0, 0, "grouping")
    kept = cache / "grouping.json" if cache is not None else None
    judgement = judge(found, pins=_pins(wanted.root, found), seeds=seeds, cache=kept)
    report = assemble(found, judgement)
    return msgspec.structs.replace(report, cuts=with_excerpts(report.cuts, wanted.root))


def _pins(root: Path, found: Scan) -> dict[str, list[str]]:
    system = system_of(home(root, found.apps))
    return pins(system, found) if system else {}
