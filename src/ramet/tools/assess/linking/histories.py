"""Models that django-simple-history makes: one for each model that keeps a history.

`history = HistoricalRecords()` makes `HistoricalOrder`, with a copy of each foreign key of `Order`,
and one to the user who made the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from ramet.tools.assess.linking.classes import Class
from ramet.tools.assess.linking.fields import Field
from ramet.tools.assess.linking.models import ModelClass
from ramet.tools.assess.linking.registry import Registry
from ramet.tools.assess.linking.values import Value
from ramet.tools.assess.source.extract import Assign, Call, Name

__all__ = ["add_histories"]


def add_histories(registry: Registry) -> None:
    """Add the histories of the models that are there."""
    for model in list(registry.models.values()):
        found = _records(registry, model) if model.is_own else None
        if found is not None:
            registry.add(_history(registry, model, *found))


def _records(registry: Registry, model: ModelClass) -> tuple[Assign, Mapping[str, Value]] | None:
    """The attribute that asks for a history, the model's own or one that is to be inherited."""
    classes = registry.classes.classes
    for cls in model.cls.mro:
        for statement in cls.names.values():
            if not isinstance(statement, Assign) or cls.module is None:
                continue
            call = statement.value
            if not isinstance(call, Call) or not isinstance(call.function, Name):
                continue
            if "istor" not in call.function.dotted:
                continue
            maker = classes.of_expression(cls.module, call.function)
            if maker is None or all(each.name != "HistoricalRecords" for each in maker.mro):
                continue
            keywords = {
                key: classes.values.of(cls.module, value, cls=cls.definition)
                for key, value in call.keywords.items()
            }
            if cls is model.cls or keywords.get("inherit") is True:
                return statement, keywords
    return None


def _history(
    registry: Registry, model: ModelClass, statement: Assign, keywords: Mapping[str, Value]
) -> ModelClass:
    name = keywords.get("custom_model_name")
    name = name if isinstance(name, str) else f"Historical{model.cls.name}"
    app = keywords.get("app")
    app = app if isinstance(app, str) else model.app
    module, definition = model.cls.module, model.cls.definition
    cls = Class(f"{model.cls.dotted.rpartition('.')[0]}.{name}", module, definition)
    excluded = keywords.get("excluded_fields")
    fields = {
        field.name: msgspec.structs.replace(
            field,
            kind="fk" if field.kind == "o2o" else field.kind,
            target=model.label if field.target == "self" else field.target,
        )
        for field in _all_fields(registry, model)
        if field.kind in ("fk", "o2o", "plain")
        and not (isinstance(excluded, list) and field.name in excluded)
    }
    path = module.path if module is not None else ""
    user = keywords.get("user_model") or registry.classes.classes.values.setting("AUTH_USER_MODEL")
    if keywords.get("history_user_id_field") is None:
        fields["history_user"] = Field("history_user", "fk", cls, path, statement.line, target=user)
    table = keywords.get("table_name")
    return ModelClass(
        label=f"{app}.{name}",
        cls=cls,
        app=app,
        is_proxy=False,
        table=table if isinstance(table, str) else f"{app}_{name}".lower(),
        fields=fields,
        parents=[],
    )


def _all_fields(registry: Registry, model: ModelClass) -> Iterator[Field]:
    """Those of its table, and of the tables of its concrete parents."""
    for parent in model.parents:
        label = registry.label(parent)
        if label is not None and label in registry.models:
            yield from _all_fields(registry, registry.models[label])
    yield from model.fields.values()
