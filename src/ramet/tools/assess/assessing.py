"""The whole assessment, one step after the other.

What a step works out is kept, and what it needs for that is imported there: a second run would
spend most of its time on importing what it has nothing to do for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ramet.tools.assess.boundaries.home import FILE_NAME, home
from ramet.tools.assess.facts import Project, Scan
from ramet.tools.assess.findings import Judgement, Report, assemble
from ramet.tools.assess.looking import Wanted, looked_at
from ramet.tools.assess.report.excerpts import with_excerpts
from ramet.tools.assess.source.extracting import version
from ramet.tools.assess.source.reading import Progress
from ramet.tools.assess.source.store import Store, key_of

if TYPE_CHECKING:
    from ramet.tools.assess.report.comparing import Change

__all__ = ["Assessment", "assess", "page", "store_of_reports"]


class Assessment(NamedTuple):
    """A report, and `told`, which is another one for every other report of this version."""

    report: Report
    told: object


def store_of_reports(cache: Path | None) -> Store:
    """What was judged and shown of a project, in a file of its own: `ramet check` judges nothing,
    and would drop it from that of the scan."""
    return Store(cache / "report" if cache is not None else None, version())


def assess(
    wanted: Wanted,
    store: Store,
    *,
    seeds: int,
    cache: Path | None,
    progress: Progress | None = None,
) -> Assessment:
    """Scan, evidence, judgement and excerpts.

    Raises DiagnosticError where there is no Django project, where its `ramet.toml` is wrong, and
    where evidence was asked for that cannot be had; whatever else cannot be seen is a gap.
    """
    found = looked_at(wanted, cache, progress)
    if progress is not None:
        progress(0, 0, "grouping")
    pins = _pins(wanted.root, found)
    part = _judged_part(found)
    judged_of = (_digest(part), pins, seeds)
    judgement = store.remembered(
        "judgement",
        judged_of,
        Judgement,
        lambda: _judged(part, pins, seeds, cache),
        is_exact=True,
    )
    cuts = with_excerpts(judgement.cuts, wanted.root, store)
    report = msgspec.structs.replace(assemble(found, judgement), cuts=cuts)
    excerpts = [cut.excerpt for cut in cuts]
    return Assessment(report, (judged_of, found.project, found.apps, found.gaps, excerpts))


def page(assessment: Assessment, changes: Sequence[Change] | None, store: Store) -> bytes:
    """The report's page."""
    return store.remembered(
        "page", (assessment.told, changes), bytes, lambda: _page(assessment.report, changes)
    )


def _digest(part: Scan) -> bytes | Scan:
    """What stands for it as an input of several stages; itself where a name is no UTF-8, for then
    nothing is kept."""
    try:
        return key_of(msgspec.msgpack.encode(part))
    except UnicodeEncodeError:
        return part


def _judged_part(found: Scan) -> Scan:
    """All that judging may rest on: neither how much code there is, nor what could not be seen."""
    return Scan(
        project=Project(name="", settings=[], files=0, lines=0),
        apps=[msgspec.structs.replace(app, lines=0) for app in found.apps],
        models=found.models,
        edges=found.edges,
        functions=found.functions,
        atomics=found.atomics,
        gaps=[],
    )


def _judged(found: Scan, pins: dict[str, list[str]], seeds: int, cache: Path | None) -> Judgement:
    from ramet.tools.assess.judgement.judging import judge

    # In a file of its own: a store keeps what was used, and few runs group again.
    kept = Store(cache / "grouping" if cache is not None else None, version())
    judgement = judge(found, pins=pins, seeds=seeds, kept=kept)
    kept.save()
    return judgement


def _page(report: Report, changes: Sequence[Change] | None) -> bytes:
    from ramet.tools.assess.report.as_html import as_html

    return as_html(report, changes)


def _pins(root: Path, found: Scan) -> dict[str, list[str]]:
    folder = home(root, found.apps)
    if not (folder / FILE_NAME).is_file():
        return {}
    from ramet.tools.assess.boundaries.pins import pins, system_of

    system = system_of(folder)
    return pins(system, found) if system else {}
