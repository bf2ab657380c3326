"""The summary for a terminal: rich's table and colours there, the same lines plain elsewhere.

No word is said by colour alone, and nothing that a project wrote reaches the terminal as a control
sequence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from ramet.tools.assess.findings import Report
from ramet.tools.assess.report.wording import CHOICES, METRICS, counted, days, in_days, percent

if TYPE_CHECKING:
    from ramet.tools.assess.report.comparing import Change

__all__ = ["show"]

_MOST = 8
"""Of a list; the page and the JSON have all of it."""

_COLUMNS = ("CANDIDATE", "MODELS", "STABLE", "COHESION", "COUPLING", "CUTS", "DAYS", "")


def show(
    report: Report, stream: TextIO, *, changes: Sequence[Change] | None = None, seconds: float
) -> None:
    """Write the summary; `seconds` is how long the assessment took."""
    if stream.isatty():
        _show_rich(report, stream, changes, seconds)
        return
    parts = [_read(report, seconds), "\n".join(_verdict(report))]
    if report.groups:
        parts.append("\n".join([*_aligned([_COLUMNS, *_rows(report)]), *_about(report)]))
    parts += ["\n".join(lines) for lines in _lists(report, changes)]
    stream.write(_clean("\n\n".join(parts)) + "\n")


def _show_rich(
    report: Report, stream: TextIO, changes: Sequence[Change] | None, seconds: float
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False)
    console.print(Text(_clean(_read(report, seconds)), style="dim"))
    console.print()
    head, *rest = _verdict(report)
    console.print(Text(_clean(head), style="bold green"))
    console.print(Text(_clean("\n".join(rest))))
    if report.groups:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for number, name in enumerate(_COLUMNS):
            table.add_column(name, justify="left" if number in (0, 7) else "right")
        for row in _rows(report):
            style = "green" if row[7].startswith("recommended") else "yellow" if row[7] else ""
            *cells, advice = (Text(_clean(cell)) for cell in row)
            advice.stylize(style)
            table.add_row(*cells, advice)
        console.print()
        console.print(table)
        console.print(Text(_clean("\n".join(_about(report))), style="dim"))
    for title, *lines in _lists(report, changes):
        console.print()
        console.print(Text(_clean(title), style="bold"))
        console.print(Text(_clean("\n".join(lines))))


def _read(report: Report, seconds: float) -> str:
    project = report.project
    own = sum(model.is_own for model in report.models)
    return (
        f"{project.name}: {project.lines:,} lines in {counted(project.files, 'file')}, "
        f"{counted(sum(app.is_own for app in report.apps), 'app')}, {counted(own, 'model')}, "
        f"{counted(len(report.edges), 'connection')}; {seconds:.1f} s"
    )


def _verdict(report: Report) -> list[str]:
    found = report.verdict
    return [
        f"{CHOICES[found.choice]}.",
        found.sentence,
        *(f"  - {reason}" for reason in found.reasons),
    ]


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    cuts = Counter(side for cut in report.cuts for side in cut.sides)
    for group in report.groups:
        advice = "recommended" if group.is_recommended else "not recommended"
        yield (
            group.name,
            str(len(group.models)),
            percent(group.stability),
            percent(group.cohesion),
            percent(group.coupling),
            f"{cuts[group.name]:,}",
            days(group.effort),
            advice + (", pinned" if group.is_pinned else ""),
        )


def _about(report: Report) -> Iterator[str]:
    if report.platform:
        hubs = ", ".join(f"{hub.model} ({hub.degree})" for hub in report.platform[:_MOST])
        yield f"platform, with how many neighbours: {hubs}"
    figures = [
        f"{name.upper()} {value:.3f}"
        for name in METRICS
        if (value := getattr(report.metrics, name)) is not None
    ]
    agreed = f"{percent(report.agreement)} of pairs agree over {report.seeds} seeds"
    yield "; ".join([*([", ".join(figures)] if figures else []), agreed])


def _lists(report: Report, changes: Sequence[Change] | None) -> Iterator[list[str]]:
    if changes is not None:
        yield _listed(
            f"Since last time: {counted(len(changes), 'change')}",
            [f"{_WAY[each.is_worse]} {each.what}{_at(each.file, each.line)}" for each in changes],
        )
    if report.blockers:
        yield _listed(
            f"Blockers, which must go first: {len(report.blockers)}",
            [f"{each.kind}: {each.what}{_at(each.file, each.line)}" for each in report.blockers],
        )
    if report.plan:
        steps = [
            f"{number}. {step.group} ({counted(step.cuts, 'cut')},"
            f" {counted(step.blockers, 'blocker')}, {in_days(step.effort)}): {step.why}"
            for number, step in enumerate(report.plan, 1)
        ]
        yield _listed("Plan", steps)
    if report.gaps:
        kinds = Counter(gap.kind.replace("-", " ") for gap in report.gaps).most_common()
        yield _listed(
            f"What could not be seen: {len(report.gaps)}",
            [f"{count} {kind}" for kind, count in kinds],
        )


_WAY = {True: "worse ", False: "better", None: "      "}


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    more = [f"  and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
    return [title, *(f"  {line}" for line in lines[:_MOST]), *more]


def _at(file: str, line: int) -> str:
    return f"  {file}:{line}" if file else ""


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if number in (0, len(row) - 1) else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _clean(text: str) -> str:
    """Without control characters, which would move the cursor or change the window's title."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
