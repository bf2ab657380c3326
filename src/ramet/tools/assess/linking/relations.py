"""Fields of models -> edges between models."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.assess.facts import Edge, Gap
from ramet.tools.assess.linking.fields import Field
from ramet.tools.assess.linking.models import ModelClass
from ramet.tools.assess.linking.registry import Registry

__all__ = ["relations"]


def relations(registry: Registry) -> tuple[list[Edge], list[Gap]]:
    """An edge for each relation field of each own model, inherited ones too, and each proxy."""
    edges: list[Edge] = []
    gaps: list[Gap] = []
    for model in registry.models.values():
        if not model.is_own:
            continue
        if model.is_proxy:
            edges.extend(_proxy(registry, model))
            continue
        for field in model.fields.values():
            if not field.is_relation:
                continue
            target = registry.target(field, model)
            if target is None:
                gaps.append(_gap(field, model))
            else:
                edges.append(_edge(registry, model, field, target))
    return edges, gaps


def _proxy(registry: Registry, model: ModelClass) -> Iterator[Edge]:
    definition = model.cls.definition
    assert definition is not None
    assert model.cls.module is not None
    for parent in model.parents[:1]:
        target = registry.label(parent)
        if target is not None:
            yield Edge(
                kind="proxy",
                source=model.label,
                target=target,
                field="",
                file=model.cls.module.path,
                line=definition.line,
            )


def _edge(registry: Registry, model: ModelClass, field: Field, target: str) -> Edge:
    definition = model.cls.definition
    assert definition is not None
    assert model.cls.module is not None
    path, line = field.path, field.line
    note = ""
    if field.owner is not model.cls:
        note = f"from {field.owner.dotted}"
        if field.owner.module is None or not field.owner.module.is_own:
            path, line = model.cls.module.path, definition.line
    return Edge(
        kind=field.kind,  # type: ignore[arg-type]
        source=model.label,
        target=target,
        field=field.name,
        file=path,
        line=line,
        through=_through(registry, model, field) if field.kind == "m2m" else None,
        note=note,
    )


def _through(registry: Registry, model: ModelClass, field: Field) -> str:
    if field.through is not None:
        label = registry.label_of_value(field.through, model)
        if label is not None:
            return label
    return f"{model.app}.{model.cls.name}_{field.name}"


def _gap(field: Field, model: ModelClass) -> Gap:
    return Gap(
        kind="unresolved-relation",
        file=field.path,
        line=field.line,
        found=f"{model.label}.{field.name}",
        why="Which model it leads to is decided when the project runs.",
        remedy="Give the project's environment with --venv, or its own registry with --registry.",
    )
