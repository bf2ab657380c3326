"""What is made of a scan: candidates for services, what parting them costs, and a sentence on it.

These types are the report's JSON, so a change here is one of the published schema.

Their annotations are no text (`from __future__`): to evaluate it, each run would take milliseconds.
"""

from typing import Literal

import msgspec

from ramet.tools.assess.facts import App, Atomic, Edge, Function, Gap, Model, Project, Scan

__all__ = [
    "AppRole",
    "Blocker",
    "Cut",
    "Group",
    "Grouping",
    "How",
    "Hub",
    "Judgement",
    "Metrics",
    "Report",
    "Step",
    "Verdict",
    "assemble",
]

How = Literal[
    "id and replica",
    "id alone",
    "event",
    "contract call",
    "batch query",
    "saga",
    "move code",
    "template include",
    "nothing to do",
]
"""How a cut is made: with which of Ramet's means the two sides go on without each other."""


class Hub(msgspec.Struct, frozen=True, kw_only=True):
    """A model that everything leans on, so out of the grouping: platform.

    `degree` counts the models that link to it. `group` is the one that keeps its table, and lists
    it; empty where it belongs to an installed package.
    """

    model: str
    degree: int
    why: str
    group: str = ""


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """Those of Kalia et al., "Mono2Micro", ESEC/FSE 2021: lower is better, but for `sm`.

    None where one is not defined.
    """

    bcp: float | None
    icp: float | None
    sm: float | None
    ifn: float | None
    ned: float | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate for a service.

    `name` is a word for `ramet.toml`. `stability` is the share of runs, 0 to 1, in which a pair of
    its models stayed together, on average. `cohesion` is the share of its models' weight that stays
    inside, `coupling` what leaves it. `effort` is in person-days, the sum of its cuts.
    An unstable group is never recommended; `why` says why, or why not.
    """

    name: str
    models: list[str]
    apps: list[str]
    stability: float
    cohesion: float
    coupling: float
    effort: float
    is_pinned: bool
    is_recommended: bool
    why: str


class AppRole(msgspec.Struct, frozen=True, kw_only=True):
    """Where the code of an own app goes.

    `home`: with `group`, which has most of its models. `front`: it has no models and asks the
    groups. `library`: most other apps use its code, so each service installs it, whoever keeps its
    one model. `parted`: its models are in several groups, and so will be its code.
    """

    app: str
    role: Literal["home", "front", "library", "parted"]
    why: str
    group: str = ""


class Grouping(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in runs with so many `seeds`; `agreement` is the share of model pairs on which
    all of them agree."""

    groups: list[Group]
    platform: list[Hub]
    seeds: int
    agreement: float
    metrics: Metrics
    roles: list[AppRole] = []


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """One line of code that a split would have to change. `effort` is in person-days.

    A side is the name of a group, `platform` for models of installed packages, or the label of an
    app that goes with no group, such as a front end (see `AppRole`). `further_groups` are the sides
    beyond two that one transaction writes.
    """

    edge: Edge
    source_group: str
    target_group: str
    further_groups: list[str] = []
    how: How
    why: str
    effort: float
    excerpt: str = ""

    @property
    def sides(self) -> set[str]:
        """All that it ties together."""
        return {self.source_group, self.target_group, *self.further_groups}


class Blocker(msgspec.Struct, frozen=True, kw_only=True):
    """What must go before anything is parted. `groups` are those that it ties together.

    `effort` is that of its cuts, so part of their sum and not on top of it.
    """

    kind: Literal["inheritance", "shared transaction", "shared table", "generic relation", "cycle"]
    groups: list[str]
    file: str
    line: int
    what: str
    remedy: str
    effort: float


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One extraction, in the order in which they are best made."""

    group: str
    why: str
    cuts: int
    blockers: int
    effort: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to split at all, in a plain sentence or two."""

    choice: Literal["keep", "draw boundaries", "split some", "split"]
    sentence: str
    reasons: list[str]


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What is made of a scan: everything of a report that is not the scan's."""

    grouping: Grouping
    cuts: list[Cut]
    blockers: list[Blocker]
    plan: list[Step]
    verdict: Verdict


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that `ramet assess --json` writes. `version` is that of this shape."""

    version: Literal[1] = 1
    project: Project
    apps: list[App]
    models: list[Model]
    edges: list[Edge]
    functions: list[Function]
    atomics: list[Atomic]
    groups: list[Group]
    platform: list[Hub]
    seeds: int
    agreement: float
    metrics: Metrics
    cuts: list[Cut]
    blockers: list[Blocker]
    plan: list[Step]
    verdict: Verdict
    gaps: list[Gap]
    roles: list[AppRole] = []


def assemble(scan: Scan, judgement: Judgement) -> Report:
    """Both as one report, which has every field of the published schema."""
    return Report(
        project=scan.project,
        apps=scan.apps,
        models=scan.models,
        edges=scan.edges,
        functions=scan.functions,
        atomics=scan.atomics,
        gaps=scan.gaps,
        groups=judgement.grouping.groups,
        platform=judgement.grouping.platform,
        seeds=judgement.grouping.seeds,
        agreement=judgement.grouping.agreement,
        metrics=judgement.grouping.metrics,
        cuts=judgement.cuts,
        blockers=judgement.blockers,
        plan=judgement.plan,
        verdict=judgement.verdict,
        roles=judgement.grouping.roles,
    )
