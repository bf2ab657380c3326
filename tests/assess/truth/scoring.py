"""A scan against the truth: what it found of each kind, what it missed, what it invented, and why.

Only relations of the project's own models count, since those of its packages are not its source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ramet.tools.assess.facts import RELATION_KINDS, Edge, Scan

__all__ = ["Invention", "Miss", "Score", "score"]

Key = tuple[str, str, str, str]
Fact = dict[str, Any]


@dataclass(frozen=True)
class Miss:
    """A relation, or a model (`kind` "model"), that Django has and the scan has not."""

    kind: str
    source: str
    target: str
    field: str
    place: str
    reason: str


@dataclass(frozen=True)
class Invention:
    """A relation, or a model (`kind` "model"), that the scan has and Django has not."""

    kind: str
    source: str
    target: str
    field: str
    place: str
    reason: str


@dataclass
class Score:
    """`found` and `wanted` count by kind. `placed` are the found ones that a line of the
    project assigns, `misplaced` those of them for which the scan tells another line.

    `aside` are what the scan has of apps that this run of the project does not install, where the
    project is a library and so nothing in its source says which apps are.
    """

    found: Counter[str] = field(default_factory=Counter)
    wanted: Counter[str] = field(default_factory=Counter)
    misses: list[Miss] = field(default_factory=list)
    inventions: list[Invention] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    aside: int = 0
    placed: int = 0
    throughs: int = 0
    models_found: int = 0
    models_wanted: int = 0

    @property
    def recall(self) -> float:
        """The share of Django's relations that the scan has, 0 to 1."""
        wanted = self.wanted.total()
        return self.found.total() / wanted if wanted else 1.0

    @property
    def precision(self) -> float:
        """The share of the scan's relations that Django has, 0 to 1."""
        invented = sum(each.kind != "model" for each in self.inventions)
        claimed = self.found.total() + invented
        return self.found.total() / claimed if claimed else 1.0

    @property
    def reasons(self) -> Counter[str]:
        """How often each reason for a miss of a relation applies."""
        return Counter(each.reason for each in self.misses if each.kind != "model")


def score(scan: Scan, truth: Fact, root: Path, *, is_library: bool = False) -> Score:
    """Compare `scan`, which was made of `root`, with what the probe said of the same files."""
    made = Score()
    own = {each["label"]: each for each in truth["models"] if _is_below(each["file"], root)}
    wanted = {
        _key(each): each
        for each in truth["relations"]
        if each["source"] in own and not _is_optional(each, own[each["source"]])
    }
    allowed = {_key(each): each for each in truth["relations"]}
    claimed = _claimed(scan)
    for key, fact in wanted.items():
        made.wanted[fact["kind"]] += 1
        edge = claimed.get(key)
        if edge is None:
            made.misses.append(_miss(fact, own, scan, claimed.values(), root))
            continue
        made.found[fact["kind"]] += 1
        if fact["home"] is not None and _is_below(fact["file"], root):
            made.placed += 1
            if (edge.file, edge.line) != (_relative(fact["file"], root), fact["line"]):
                made.misplaced.append(_misplaced(edge, fact, root))
        made.throughs += edge.through == fact["through"]
    installed = {each["label"] for each in truth["apps"]}
    unseen = [edge for key, edge in claimed.items() if key not in allowed]
    for edge in unseen:
        if is_library and edge.source.partition(".")[0] not in installed:
            made.aside += 1
        else:
            made.inventions.append(_invention(edge, truth, installed))
    _score_models(made, scan, own, truth, installed if is_library else None, root)
    return made


def _is_optional(relation: Fact, model: Fact) -> bool:
    """What a reader of the registry may count or not: Django's own doing, and copies on proxies."""
    is_copy = relation["is_copied"] and model["is_proxy"]
    return bool(relation["is_auto"] or model["is_swapped"] or is_copy)


def _claimed(scan: Scan) -> dict[Key, Edge]:
    own = {each.label for each in scan.models if each.is_own}
    return {
        (each.kind, each.source, each.target, each.field): each
        for each in scan.edges
        if each.kind in RELATION_KINDS and each.source in own
    }


def _miss(
    fact: Fact, own: dict[str, Fact], scan: Scan, claimed: Iterable[Edge], root: Path
) -> Miss:
    model = own[fact["source"]]
    place = f"{_relative(fact['file'], root)}:{fact['line']}"
    said = list(_reasons(fact, model, scan, claimed, root))
    name = (fact["kind"], fact["source"], fact["target"], fact["field"])
    return Miss(*name, place, said[0])


def _reasons(
    fact: Fact, model: Fact, scan: Scan, claimed: Iterable[Edge], root: Path
) -> Iterator[str]:
    """Why a relation is missed, the plainest reason first."""
    if model["line"] == 0:
        yield "its model has no class statement: made while the project runs"
    if all(each.label != fact["source"] for each in scan.models):
        yield "its model was not found"
    if fact["home"] is None and fact["kind"] not in ("proxy", "mti_parent"):
        yield "no class assigns it: added while the project runs"
    if not _is_below(fact["file"], root):
        yield "inherited from a class of an installed package"
    same = [
        each for each in claimed if (each.source, each.field) == (fact["source"], fact["field"])
    ]
    for each in same:
        if each.kind != fact["kind"]:
            yield f"found as another kind: {each.kind}"
        yield f"found with another target: {each.target}"
    yield "its field was not found"


def _misplaced(edge: Edge, fact: Fact, root: Path) -> str:
    place = f"{_relative(fact['file'], root)}:{fact['line']}"
    name = f"{edge.kind} {edge.source}.{edge.field}"
    return f"{name}: scan says {edge.file}:{edge.line}, Django {place}"


def _invention(edge: Edge, truth: Fact, installed: set[str]) -> Invention:
    models = {each["label"] for each in truth["models"]}
    fields = {(each["source"], each["field"]): each for each in truth["relations"]}
    known = fields.get((edge.source, edge.field))
    if edge.source.partition(".")[0] not in installed:
        reason = "its app is not installed"
    elif edge.source not in models:
        reason = "Django has no such model"
    elif known is None:
        reason = "Django has no such relation"
    elif known["kind"] != edge.kind:
        reason = f"Django has it as another kind: {known['kind']}"
    else:
        reason = f"Django has it with another target: {known['target']}"
    place = f"{edge.file}:{edge.line}"
    return Invention(edge.kind, edge.source, edge.target, edge.field, place, reason)


def _score_models(
    made: Score,
    scan: Scan,
    own: dict[str, Fact],
    truth: Fact,
    installed: set[str] | None,
    root: Path,
) -> None:
    claimed = {each.label: each for each in scan.models if each.is_own}
    wanted = {
        label: each for label, each in own.items() if not (each["is_auto"] or each["is_swapped"])
    }
    made.models_wanted = len(wanted)
    made.models_found = len(wanted.keys() & claimed.keys())
    for label in sorted(wanted.keys() - claimed.keys()):
        fact = wanted[label]
        reason = "made while the project runs" if fact["line"] == 0 else "its class was not found"
        place = f"{_relative(fact['file'], root)}:{fact['line']}"
        made.misses.append(Miss("model", label, "", "", place, reason))
    known = {each["label"] for each in truth["models"]}
    for label in sorted(claimed.keys() - known):
        if installed is None or label.partition(".")[0] in installed:
            place = f"{claimed[label].file}:{claimed[label].line}"
            reason = "Django has no such model"
            made.inventions.append(Invention("model", label, "", "", place, reason))


def _key(fact: Fact) -> Key:
    return (fact["kind"], fact["source"], fact["target"], fact["field"])


def _is_below(file: str, root: Path) -> bool:
    return bool(file) and Path(file).is_relative_to(root)


def _relative(file: str, root: Path) -> str:
    return str(Path(file).relative_to(root)) if _is_below(file, root) else file
