"""The parts of the page that are text without a script: what a reader must not miss, and prints.

Every text that comes from the project goes through `text`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from ramet.tools.assess.findings import Group, Report
from ramet.tools.assess.report.wording import CHOICES, METRICS, counted, days, in_days, percent

if TYPE_CHECKING:
    from ramet.tools.assess.report.comparing import Change

__all__ = [
    "blockers",
    "candidates",
    "changes",
    "cuts",
    "header",
    "plan",
    "text",
    "unseen",
    "verdict",
]


# As `html.escape` does it, whose module takes longer to import than all of a page takes to escape.
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def text(value: object) -> str:
    """Escaped, for an element's text and for an attribute in quotes."""
    return str(value).translate(_ESCAPED)


def header(report: Report) -> str:
    """How much was read."""
    project = report.project
    own = sum(model.is_own for model in report.models)
    figures = (
        (f"{project.lines:,}", "lines of Python"),
        (f"{project.files:,}", "files"),
        (f"{sum(app.is_own for app in report.apps):,}", "apps"),
        (f"{own:,}", "models"),
        (f"{len(report.edges):,}", "connections"),
        (f"{len(report.groups):,}", "candidates"),
        (f"{len(report.cuts):,}", "cuts"),
    )
    return "".join(f"<div><dt>{text(n)}</dt><dd>{text(v)}</dd></div>" for v, n in figures)


def verdict(report: Report) -> str:
    """The sentence first, then why."""
    found = report.verdict
    reasons = "".join(f"<li>{text(reason)}</li>" for reason in found.reasons)
    return (
        f'<p class="choice {found.choice.replace(" ", "-")}">{text(CHOICES[found.choice])}</p>'
        f'<p class="sentence">{text(found.sentence)}</p>'
        + (f"<ul>{reasons}</ul>" if reasons else "")
    )


def changes(found: Sequence[Change] | None) -> str:
    """The drift since an earlier run; nothing where none was given."""
    if found is None:
        return ""
    rows = "".join(
        f'<li class="{_WAY[change.is_worse]}"><span class="tag">{_WAY[change.is_worse]}</span> '
        f"{text(change.what)}{_place(change.file, change.line)}</li>"
        for change in found[:_MOST]
    )
    more = _more(len(found), "changes")
    inside = f"<ul class='changes'>{rows}</ul>{more}" if found else "<p>Nothing has changed.</p>"
    return f'<section id="since" class="panel"><h2>Since last time</h2>{inside}</section>'


def candidates(report: Report) -> str:
    """A row for each, the platform after them, and the figures of the whole grouping."""
    if not report.groups:
        return "<p>No candidates: there are no models to group.</p>"
    cuts = Counter(side for cut in report.cuts for side in cut.sides)
    rows = "".join(_candidate(n, group, cuts[group.name]) for n, group in enumerate(report.groups))
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Candidates"><table>'
        "<thead><tr><th scope='col'>Candidate</th><th scope='col' class='number'>Models</th>"
        "<th scope='col' class='number'>Stable</th><th scope='col' class='number'>Cohesion</th>"
        "<th scope='col' class='number'>Coupling</th><th scope='col' class='number'>Cuts</th>"
        "<th scope='col' class='number'>Days</th><th scope='col'>Advice</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{_roles(report)}{_platform(report)}{_metrics(report)}"
    )


def _candidate(number: int, group: Group, cuts: int) -> str:
    advice = "recommended" if group.is_recommended else "not recommended"
    pinned = ' <span class="tag">pinned</span>' if group.is_pinned else ""
    return (
        f'<tr><th scope="row"><span class="dot hue-{number % 8}"></span>'
        f'<a href="#map/{number}">{text(group.name)}</a>{pinned}'
        f'<span class="soft small">{text(", ".join(group.apps))}</span>{_models(group)}</th>'
        f'<td class="number">{len(group.models)}</td>'
        f'<td class="number">{percent(group.stability)}</td>'
        f'<td class="number">{percent(group.cohesion)}</td>'
        f'<td class="number">{percent(group.coupling)}</td>'
        f'<td class="number">{cuts:,}</td><td class="number">{days(group.effort)}</td>'
        f'<td class="why"><span class="tag {"good" if group.is_recommended else ""}">{advice}'
        f"</span> {text(group.why)}</td></tr>"
    )


def _models(group: Group) -> str:
    items = "".join(
        f'<li><a href="#model/{text(quote(label, safe=""))}">{text(label)}</a></li>'
        for label in group.models
    )
    number = counted(len(group.models), "model")
    return f'<details class="small"><summary>{number}</summary><ul>{items}</ul></details>'


def _roles(report: Report) -> str:
    """Apps whose code goes with no candidate in a table; of the others, with which one it goes."""
    apart = "".join(
        f'<tr><th scope="row">{text(role.app)}</th><td><span class="tag">{role.role}</span></td>'
        f'<td class="why">{text(role.why)}</td></tr>'
        for role in report.roles
        if role.role != "home"
    )
    table = (
        '<div class="scroll" tabindex="0" role="region" aria-label="Roles of apps"><table>'
        "<thead><tr><th scope='col'>App</th><th scope='col'>Role</th><th scope='col'>Why</th></tr>"
        f"</thead><tbody>{apart}</tbody></table></div>"
    )
    return (
        f"<h3>Where the code of apps goes</h3>{table if apart else ''}{_homes(report)}"
        if report.roles
        else ""
    )


def _homes(report: Report) -> str:
    homes = [role for role in report.roles if role.role == "home"]
    if not homes:
        return ""
    items = "".join(
        f"<li>{text(role.app)} <span class='soft'>goes to</span> {text(role.group)}</li>"
        for role in homes
    )
    return (
        f"<details class='small'><summary>{counted(len(homes), 'app')} with "
        f"{'its' if len(homes) == 1 else 'their'} models</summary><ul>{items}</ul></details>"
    )


def _platform(report: Report) -> str:
    if not report.platform:
        return ""
    hubs = "".join(
        f"<li><strong>{text(hub.model)}</strong> <span class='soft'>{hub.degree} neighbours. "
        f"{text(hub.why)}</span></li>"
        for hub in report.platform
    )
    title = "Platform: what everything leans on, so that it draws no line between candidates"
    return f"<h3>{title}</h3><ul>{hubs}</ul>"


def _metrics(report: Report) -> str:
    rows = []
    for name, (title, meaning) in METRICS.items():
        value: float | None = getattr(report.metrics, name)
        shown = "not defined here" if value is None else f"{value:.3f}"
        rows.append(
            f"<div><dt><abbr title='{text(title)}'>{name.upper()}</abbr></dt>"
            f"<dd><strong>{shown}</strong> "
            f"<span class='soft small'>{text(meaning)}</span></dd></div>"
        )
    return (
        f"<h3>The grouping in figures</h3><p>{percent(report.agreement)} of all pairs of models are"
        f" together, or apart, in every one of {report.seeds} runs from other random seeds.</p>"
        f'<dl class="metrics">{"".join(rows)}</dl>'
    )


def plan(report: Report) -> str:
    """The extractions in their order."""
    if not report.plan:
        return "<p>Nothing to extract.</p>"
    steps = "".join(
        f"<li><strong>{text(step.group)}</strong> <span class='tag'>{counted(step.cuts, 'cut')}"
        f"</span> <span class='tag'>{counted(step.blockers, 'blocker')}</span> "
        f"<span class='tag'>{in_days(step.effort)}</span> {text(step.why)}</li>"
        for step in report.plan
    )
    return f"<ol class='plan'>{steps}</ol>"


def cuts(report: Report) -> str:
    """How many of which way to cut, and what they cost; the list itself is drawn."""
    if not report.cuts:
        return "<p>Nothing crosses a boundary.</p>"
    numbers = Counter(cut.how for cut in report.cuts)
    efforts: Counter[str] = Counter()
    for cut in report.cuts:
        efforts[cut.how] += cut.effort  # type: ignore[assignment]
    items = "".join(
        f"<li><strong>{number:,}</strong> {text(how)}, {in_days(efforts[how])}</li>"
        for how, number in numbers.most_common()
    )
    return f'<ul class="tally">{items}</ul>'


def blockers(report: Report) -> str:
    """How many of which kind; the list itself is drawn."""
    return _tally((blocker.kind for blocker in report.blockers), "Nothing blocks a cut.")


def unseen(report: Report) -> str:
    """How many of which kind; the list itself is drawn."""
    kinds = (gap.kind.replace("-", " ") for gap in report.gaps)
    return _tally(kinds, "Nothing was passed over.")


_WAY = {True: "worse", False: "better", None: "other"}
_MOST = 200


def _tally(kinds: Iterable[str], none: str) -> str:
    found = Counter(kinds).most_common()
    items = "".join(f"<li><strong>{count}</strong> {text(kind)}</li>" for kind, count in found)
    return f'<ul class="tally">{items}</ul>' if found else f"<p>{none}</p>"


def _place(file: str, line: int) -> str:
    return f' <code class="place">{text(file)}:{line}</code>' if file else ""


def _more(number: int, what: str) -> str:
    return f"<p class='soft'>{number - _MOST:,} more {what}.</p>" if number > _MOST else ""
