"""What has changed between two reports of one project: the drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ramet.tools.assess.facts import Edge
from ramet.tools.assess.findings import Blocker, Cut, Report
from ramet.tools.assess.report.kinds import FAMILY_OF, WORDS
from ramet.tools.assess.report.wording import CHOICES, METRICS, counted

__all__ = ["Change", "compare"]


class Change(NamedTuple):
    """One thing that is otherwise than before; `is_worse` is None where it is neither.

    `file` is empty where it has no place in the source.
    """

    what: str
    is_worse: bool | None = None
    file: str = ""
    line: int = 0


def compare(old: Report, new: Report) -> list[Change]:
    """The verdict first, then candidates, figures, blockers, cuts and models.

    A line that has moved is no change: cuts are the same by kind, ends and field, and counted.
    """
    return [
        *_verdict(old, new),
        *_candidates(old, new),
        *_metrics(old, new),
        *_blockers(old, new),
        *_cuts(old, new),
        *_models(old, new),
    ]


def _verdict(old: Report, new: Report) -> Iterator[Change]:
    if old.verdict.choice != new.verdict.choice:
        was, now = CHOICES[old.verdict.choice], CHOICES[new.verdict.choice]
        yield Change(f"The verdict was “{was}”, and is “{now}”.")


def _candidates(old: Report, new: Report) -> Iterator[Change]:
    """Matched by the models that they share, so that a new name alone is not two changes."""
    before = {group.name: set(group.models) for group in old.groups}
    for group in new.groups:
        models = set(group.models)
        was = max(before, key=lambda name: (_alike(before[name], models), name), default=None)
        if was is None or _alike(before[was], models) == 0:
            yield Change(f"{group.name} is a new candidate of {counted(len(models), 'model')}.")
            continue
        earlier = before.pop(was)
        if was != group.name:
            yield Change(f"{group.name} was called {was}.")
        if joined := sorted(models - earlier):
            yield Change(f"{group.name} has {_some(joined)} now.")
        if left := sorted(earlier - models):
            yield Change(f"{group.name} has {_some(left)} no longer.")
    for name in before:
        yield Change(f"{name} is no candidate any more.")


def _alike(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


def _metrics(old: Report, new: Report) -> Iterator[Change]:
    for name, (title, _) in METRICS.items():
        before: float | None = getattr(old.metrics, name)
        after: float | None = getattr(new.metrics, name)
        if before is None or after is None:
            continue
        was, now = f"{before:.3f}", f"{after:.3f}"
        if was == now:
            continue
        is_more = after > before
        yield Change(
            f"{name.upper()} ({title}) was {was}, and is {now}.",
            is_worse=is_more != (name == "sm"),
        )


def _blockers(old: Report, new: Report) -> Iterator[Change]:
    def key(blocker: Blocker) -> tuple[object, ...]:
        return blocker.kind, tuple(sorted(blocker.groups)), blocker.file, blocker.what

    before = {key(each): each for each in old.blockers}
    after = {key(each): each for each in new.blockers}
    for name, found in after.items():
        if name not in before:
            what = f"New blocker, {found.kind}: {found.what}"
            yield Change(what, is_worse=True, file=found.file, line=found.line)
    for name, found in before.items():
        if name not in after:
            yield Change(f"Gone blocker, {found.kind}: {found.what}", is_worse=False)


def _cuts(old: Report, new: Report) -> Iterator[Change]:
    before, after = Counter(map(_key, old.cuts)), Counter(map(_key, new.cuts))
    more, fewer = after - before, before - after
    for cut in new.cuts:
        if more[_key(cut)] > 0:
            more[_key(cut)] -= 1
            yield Change(
                f"New cut: {_told(cut.edge)}.",
                is_worse=True,
                file=cut.edge.file,
                line=cut.edge.line,
            )
    for cut in old.cuts:
        if fewer[_key(cut)] > 0:
            fewer[_key(cut)] -= 1
            yield Change(f"Gone cut: {_told(cut.edge)}.", is_worse=False)


def _key(cut: Cut) -> tuple[str, str, str, str]:
    return cut.edge.kind, cut.edge.source, cut.edge.target, cut.edge.field


def _told(edge: Edge) -> str:
    """A relation or a query starts at a field; whatever else has a name has it by itself."""
    is_of_source = FAMILY_OF[edge.kind] in ("relations", "queries")
    field = f".{edge.field}" if edge.field and is_of_source else ""
    by = f" by {edge.field}" if edge.field and not is_of_source else ""
    return f"{WORDS[edge.kind]}, {edge.source}{field} to {edge.target}{by}"


def _models(old: Report, new: Report) -> Iterator[Change]:
    before = {model.label for model in old.models if model.is_own}
    after = {model.label: model for model in new.models if model.is_own}
    for label in sorted(after.keys() - before):
        yield Change(f"New model {label}.", file=after[label].file, line=after[label].line)
    for label in sorted(before - after.keys()):
        yield Change(f"Gone model {label}.")


def _some(labels: list[str]) -> str:
    shown = ", ".join(labels[:5])
    return shown if len(labels) <= 5 else f"{shown} and {len(labels) - 5} more"
