"""Fields of models -> edges between models."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.assess.facts import Edge, Gap
from ramet.tools.assess.linking.entries import FieldEntry, ModelEntry
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
            edges.extend(_proxy(model))
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


def _proxy(model: ModelEntry) -> Iterator[Edge]:
    for target, _ in model.parents[:1]:
        if target is not None:
            yield Edge(
                kind="proxy",
                source=model.label,
                target=target,
                field="",
                file=model.path,
                line=model.line,
            )


def _edge(registry: Registry, model: ModelEntry, field: FieldEntry, target: str) -> Edge:
    path, line = field.path, field.line
    note = ""
    if field.owner:
        note = f"from {field.owner}"
        if not field.is_owner_own:
            path, line = model.path, model.line
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


def _through(registry: Registry, model: ModelEntry, field: FieldEntry) -> str:
    label = registry.label(field.through, model)
    return label if label is not None else f"{model.app}.{model.name}_{field.name}"


def _gap(field: FieldEntry, model: ModelEntry) -> Gap:
    return Gap(
        kind="unresolved-relation",
        file=field.path,
        line=field.line,
        found=f"{model.label}.{field.name}",
        why="Which model it leads to is decided when the project runs.",
        remedy="Give the project's environment with --venv, or its own registry with --registry.",
    )
