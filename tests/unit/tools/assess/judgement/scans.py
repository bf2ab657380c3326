"""A scan made by hand: a small shop, entangled in every way that a judgement knows."""

from __future__ import annotations

from ramet.tools.assess.facts import (
    App,
    Atomic,
    Edge,
    EdgeKind,
    Function,
    Model,
    Project,
    Scan,
    Write,
)

__all__ = ["clique", "edge", "model", "scan_of", "shop", "transaction"]

PROJECT = Project(name="shop", settings=["shop.settings"], files=10, lines=1000)


def model(label: str, *, is_own: bool = True) -> Model:
    app = label.partition(".")[0]
    return Model(label=label, app=app, file=f"{app}/models.py", line=1, is_own=is_own)


def edge(kind: EdgeKind, source: str, target: str, field: str = "x", line: int = 1) -> Edge:
    file = f"{source.partition('.')[0]}/{'models' if kind in ('fk', 'm2m') else 'views'}.py"
    return Edge(kind=kind, source=source, target=target, field=field, file=file, line=line)


def scan_of(
    labels: list[str],
    edges: list[Edge],
    *,
    apps: list[str] | None = None,
    packages: tuple[str, ...] = (),
    atomics: list[Atomic] | None = None,
    functions: list[Function] | None = None,
) -> Scan:
    """A scan with these own models, models of `packages`, and `apps` (else those of the models)."""
    own = apps if apps is not None else sorted({label.partition(".")[0] for label in labels})
    return Scan(
        project=PROJECT,
        apps=[App(label=label, package=label, file=label, is_own=True) for label in own],
        models=[
            *(model(label) for label in labels),
            *(model(label, is_own=False) for label in packages),
        ],
        edges=edges,
        functions=functions or [],
        atomics=atomics or [],
        gaps=[],
    )


def clique(app: str, *names: str) -> list[Edge]:
    """Foreign keys from each model of an app to every later one."""
    labels = [f"{app}.{name}" for name in names]
    return [
        edge("fk", one, other, f"to_{place}", line=10 + place)
        for place, one in enumerate(labels)
        for other in labels[place + 1 :]
    ]


def shop(*, edges: list[Edge] | None = None, atomics: list[Atomic] | None = None) -> Scan:
    """Three apps of three models each, a front end without any, and Django's user.

    `edges` are those across; without any, the apps know nothing of each other.
    """
    names = {"users": "ABC", "orders": "DEF", "payments": "GHI"}
    labels = [f"{app}.{name}" for app, letters in names.items() for name in letters]
    inside = [each for app, letters in names.items() for each in clique(app, *letters)]
    return scan_of(
        labels,
        [*inside, *(edges or [])],
        apps=[*names, "storefront"],
        packages=("auth.User", "auth.Group"),
        atomics=atomics,
    )


def transaction(*models: str, function: str = "orders.services.place") -> Atomic:
    return Atomic(
        function=function,
        file="orders/services.py",
        line=30,
        writes=[Write(model=label, file="orders/services.py", line=31) for label in models],
    )
