"""The models of a registry, as queries need them: with relations, and tables."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.assess.linking.entries import ModelEntry
from ramet.tools.assess.linking.queries.owners import KnownModel
from ramet.tools.assess.linking.queries.relations import Relation
from ramet.tools.assess.linking.registry import Registry

__all__ = ["known_models", "relations_of"]


def known_models(registry: Registry, user: str) -> Iterator[KnownModel]:
    """Every model with the dotted name of its class. `user` is AUTH_USER_MODEL."""
    for model in registry.models.values():
        yield KnownModel(model.label, model.dotted, model.table, model.proxy_of, model.is_own)
    for label in sorted(_external_labels(registry, user)):
        table = label.replace(".", "_").lower()
        yield KnownModel(label, "", table, is_own=False)


def _external_labels(registry: Registry, user: str) -> set[str]:
    """Models of packages that were not read, and that something of the project points to."""
    found = {
        target
        for model in registry.models.values()
        for field in model.fields.values()
        if field.is_relation and (target := registry.target(field, model)) is not None
    }
    found.add(registry.canonical(user))
    return {label for label in found if label != "*" and label not in registry.models}


def relations_of(registry: Registry) -> Iterator[Relation]:
    """The relations of every model that has a table, inherited ones too."""
    for model in registry.models.values():
        if not model.is_proxy:
            yield from _relations(registry, model)


def _relations(registry: Registry, model: ModelEntry) -> Iterator[Relation]:
    """Those of the model's own table first, then its concrete parents'."""
    seen: set[str] = set()
    owners = [model]
    for owner in owners:
        for _, label in owner.parents:
            above = registry.models.get(label) if label is not None else None
            if above is not None and above not in owners:
                owners.append(above)
        for field in owner.fields.values():
            if not field.is_relation or field.name in seen:
                continue
            seen.add(field.name)
            target = registry.target(field, owner)
            if target is None:
                continue
            through = None
            if field.kind == "m2m":
                through = registry.label(field.through, owner)
            yield Relation(
                source=model.label,
                field=field.name,
                kind=field.kind,
                target=target,
                related_name=_named(field.related_name, owner),
                related_query_name=_named(field.related_query_name, owner),
                through=through if through in registry.models else None,
                declared_by=owner.label,
            )


def _named(name: str | None, model: ModelEntry) -> str | None:
    """With the placeholders of abstract models replaced, `%(class)s` and `%(app_label)s`."""
    if not name or "%" not in name:
        return name
    words = {
        "class": model.name.lower(),
        "model_name": model.name.lower(),
        "app_label": model.app.lower(),
    }
    try:
        return name % words
    except (KeyError, TypeError, ValueError):
        return None
