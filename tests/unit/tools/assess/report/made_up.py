"""Reports of projects that do not exist, of any size, the same every time for the same seed."""

from __future__ import annotations

import random
from typing import get_args

from ramet.tools.assess.facts import App, Edge, EdgeKind, Function, Gap, Model, Project
from ramet.tools.assess.findings import (
    Blocker,
    Cut,
    Group,
    How,
    Hub,
    Metrics,
    Report,
    Step,
    Verdict,
)

__all__ = ["HOSTILE", "made_up"]

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>\"'&{{title}}"
)
"""What a project might have in a name or a line: nothing of it may run or break the page."""

_NOUNS = (
    *("order", "invoice", "customer", "item", "stock", "price", "basket", "event", "ticket"),
    *("seat", "voucher", "tax", "rule", "refund", "payment", "address", "product", "category"),
    *("page", "media", "tag", "comment", "task", "note", "team"),
)
_HOWS: tuple[How, ...] = get_args(How)


def made_up(*, apps: int = 6, models: int = 40, edges: int = 300, seed: int = 1) -> Report:
    """`apps` in about a third as many candidates; the first model is the platform's."""
    chance = random.Random(seed)
    app_names = [f"{_NOUNS[n % len(_NOUNS)]}s{n // len(_NOUNS) or ''}" for n in range(apps)]
    groups_of_apps = [app_names[n : n + 3] for n in range(0, apps, 3)]
    found = [_model(app_names[n % apps], n) for n in range(models)]
    hub, *grouped = found
    groups = [
        _group(names, [m.label for m in grouped if m.app in names], number)
        for number, names in enumerate(groups_of_apps)
    ]
    group_of = {model: group.name for group in groups for model in group.models}
    connections = [_edge(chance, found) for _ in range(edges)]
    cuts = [
        _cut(chance, edge, group_of[edge.source], group_of[edge.target])
        for edge in dict.fromkeys(connections)
        if group_of.get(edge.source, "") != group_of.get(edge.target, "")
        and edge.source in group_of
        and edge.target in group_of
    ]
    return Report(
        project=Project(
            name="made-up", settings=["made.settings"], files=apps * 9, lines=edges * 9
        ),
        apps=[
            App(label=name, package=f"made.{name}", file=f"made/{name}", is_own=True, lines=900)
            for name in app_names
        ],
        models=found,
        edges=connections,
        functions=[_function(chance, model, n) for model in found for n in range(2)],
        atomics=[],
        groups=groups,
        platform=[Hub(model=hub.label, degree=models - 1, why="Nearly every app points to it.")],
        seeds=64,
        agreement=0.973,
        metrics=Metrics(bcp=1.52, icp=0.31, sm=0.12, ifn=None, ned=0.33),
        cuts=cuts,
        blockers=[_blocker(cut, number) for number, cut in enumerate(cuts[:7])],
        plan=[
            Step(
                group=group.name,
                why="Few cuts, and nothing waits for it.",
                cuts=3,
                blockers=1,
                effort=4.5,
            )
            for group in groups
        ],
        verdict=Verdict(
            choice="draw boundaries",
            sentence="Draw these boundaries: parting it costs more than it saves.",
            reasons=["Two candidates share a transaction.", "One app has most of the models."],
        ),
        gaps=[
            Gap(
                kind="syntax-error",
                file=f"made/broken{n}.py",
                line=n,
                found="a print statement",
                why="Neither Python's parser nor libcst can read it.",
                remedy="Repair the file, or ignore it if it is none of the project's.",
            )
            for n in range(1, 4)
        ],
    )


def _model(app: str, number: int) -> Model:
    name = f"{_NOUNS[number % len(_NOUNS)].title()}{number}"
    return Model(
        label=f"{app}.{name}",
        app=app,
        file=f"made/{app}/models.py",
        line=10 + number,
        is_own=number % 17 != 16,
        table=f"{app}_{name.lower()}",
    )


def _edge(chance: random.Random, models: list[Model]) -> Edge:
    source = chance.choice(models)
    near = [model for model in models if model.app == source.app]
    target = chance.choice(near if chance.random() < 0.7 else models)
    kind: EdgeKind = chance.choice(get_args(EdgeKind))
    return Edge(
        kind=kind,
        source=source.label,
        target="*" if kind == "gfk" else target.label,
        field=f"{target.label.partition('.')[2].lower()}_{chance.randint(1, 9)}",
        file=source.file.replace("models", chance.choice(["models", "views", "tasks", "admin"])),
        line=chance.randint(1, 900),
        known=chance.choice(["static", "registry", "both"]),
        through=f"{source.app}.Through" if kind == "m2m" else None,
    )


def _group(apps: list[str], models: list[str], number: int) -> Group:
    return Group(
        name=apps[0],
        models=models,
        apps=apps,
        stability=1.0 - number / 20,
        cohesion=0.81,
        coupling=0.19,
        effort=12.0 + number,
        is_pinned=number == 1,
        is_recommended=number % 2 == 0,
        why="Stable, and little leaves it." if number % 2 == 0 else "It moves with the seed.",
    )


def _cut(chance: random.Random, edge: Edge, source: str, target: str) -> Cut:
    return Cut(
        edge=edge,
        source_group=source,
        target_group=target,
        how=chance.choice(_HOWS),
        why="The other side is read here, by its key.",
        effort=chance.choice([0.25, 0.5, 1.0, 2.0]),
        excerpt=f"  class A:\n>     {edge.field} = ForeignKey('{edge.target}')\n      b = 1",
    )


def _blocker(cut: Cut, number: int) -> Blocker:
    return Blocker(
        kind="shared transaction" if number % 2 else "inheritance",
        groups=[cut.source_group, cut.target_group],
        file=cut.edge.file,
        line=cut.edge.line,
        what=f"{cut.edge.source} and {cut.edge.target} are written in one transaction.",
        remedy="Make it a saga.",
        effort=2.0,
    )


def _function(chance: random.Random, model: Model, number: int) -> Function:
    return Function(
        name=f"made.{model.app}.services.do_{model.label.partition('.')[2].lower()}_{number}",
        kind=chance.choice(["function", "view", "task"]),
        app=model.app,
        file=f"made/{model.app}/services.py",
        line=chance.randint(1, 400),
        reads=[],
        writes=[model.label],
        belongs_to=model.label,
    )
