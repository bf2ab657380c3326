"""Models that django-simple-history makes: one for each model that keeps a history.

`history = HistoricalRecords()` makes `HistoricalOrder`, with a copy of each foreign key of `Order`,
and one to the user who made the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from ramet.tools.assess.linking.classes import Class
from ramet.tools.assess.linking.entries import FieldEntry, History, ModelEntry, field_entry
from ramet.tools.assess.linking.fields import Field
from ramet.tools.assess.linking.models import ModelClasses, is_of_models
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.linking.registry import Registry
from ramet.tools.assess.linking.values import Value
from ramet.tools.assess.source.extract import Assign, Call, Name

__all__ = ["add_histories", "history_of"]


def history_of(cls: Class, app: str, classes: ModelClasses) -> History | None:
    """The history that a model's class asks for, or one of its bases."""
    found = _records(cls, classes)
    return _history(cls, app, classes, *found) if found is not None else None


def add_histories(registry: Registry) -> None:
    """Add the histories of the models that are there."""
    for model in list(registry.models.values()):
        if model.history is not None:
            copies = _copies(registry, model, model.history.excluded)
            history = model.history.model
            registry.add(msgspec.structs.replace(history, fields=copies | history.fields))


def _records(
    cls: Class, classes: ModelClasses
) -> tuple[tuple[str, int], Mapping[str, Value]] | None:
    """Where the attribute is that asks for a history, the class's own or one to be inherited.

    And what it is given.
    """
    for each in cls.mro:
        for statement in each.names.values():
            if not isinstance(statement, Assign) or each.module is None:
                continue
            call = statement.value
            if not isinstance(call, Call) or not isinstance(call.function, Name):
                continue
            if "istor" not in call.function.dotted:
                continue
            maker = classes.classes.of_expression(each.module, call.function)
            if maker is None or all(each.name != "HistoricalRecords" for each in maker.mro):
                continue
            keywords = {
                key: classes.classes.values.of(each.module, value, cls=each.definition)
                for key, value in call.keywords.items()
            }
            if each is cls or keywords.get("inherit") is True:
                return _place(cls, each.module, statement), keywords
    return None


def _place(cls: Class, module: Module, statement: Assign) -> tuple[str, int]:
    """That of the attribute, or of the class where a package has it."""
    if module.is_own or cls.module is None or cls.definition is None:
        return module.path, statement.line
    return cls.module.path, cls.definition.line


def _history(
    of: Class,
    app: str,
    classes: ModelClasses,
    place: tuple[str, int],
    keywords: Mapping[str, Value],
) -> History:
    name = keywords.get("custom_model_name")
    name = name if isinstance(name, str) else f"Historical{of.name}"
    given = keywords.get("app")
    app = given if isinstance(given, str) else app
    module, definition = of.module, of.definition
    assert module is not None
    assert definition is not None
    cls = Class(f"{of.dotted.rpartition('.')[0]}.{name}", module, definition)
    user = keywords.get("user_model") or classes.classes.values.setting("AUTH_USER_MODEL")
    fields = {}
    if keywords.get("history_user_id_field") is None:
        field = Field("history_user", "fk", cls, *place, target=user)
        fields[field.name] = field_entry(field, cls, classes)
    table = keywords.get("table_name")
    model = ModelEntry(
        label=f"{app}.{name}",
        dotted=cls.dotted,
        app=app,
        path=module.path,
        line=definition.line,
        table=table if isinstance(table, str) else f"{app}_{name}".lower(),
        fields=fields,
        is_of_models=is_of_models(module),
    )
    excluded = keywords.get("excluded_fields")
    return History(
        model,
        [each for each in excluded if isinstance(each, str)] if isinstance(excluded, list) else [],
    )


def _copies(registry: Registry, model: ModelEntry, excluded: list[str]) -> dict[str, FieldEntry]:
    return {
        field.name: msgspec.structs.replace(
            field,
            kind="fk" if field.kind == "o2o" else field.kind,
            target=model.label if field.target == "self" else field.target,
            owner=field.owner or owner.dotted,
        )
        for owner, field in _all_fields(registry, model)
        if field.kind in ("fk", "o2o", "plain") and field.name not in excluded
    }


def _all_fields(registry: Registry, model: ModelEntry) -> Iterator[tuple[ModelEntry, FieldEntry]]:
    """Those of its table, and of the tables of its concrete parents, with whose they are."""
    for label, _ in model.parents:
        if label is not None and label in registry.models:
            yield from _all_fields(registry, registry.models[label])
    for field in model.fields.values():
        yield model, field
