"""A file's statements -> the models that Django would register for them."""

from __future__ import annotations

from collections.abc import Iterator

from ramet.tools.assess.linking.classes import Class
from ramet.tools.assess.linking.entries import InFile, ModelEntry, field_entry
from ramet.tools.assess.linking.histories import history_of
from ramet.tools.assess.linking.known.models import known_model
from ramet.tools.assess.linking.models import ModelClasses, is_of_models
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.source.extract import Assign, Call, ClassDef, Statement

__all__ = ["entries_in"]

# Bases of other kinds, which bring no fields.
_NO_MODELS = ("django.", "typing.", "abc.", "enum.", "collections.", "typing_extensions.")


def entries_in(module: Module, classes: ModelClasses) -> InFile:
    """The models that the statements of a module make."""
    found = InFile([], [])
    seen: set[Class] = set()
    for statement in module.extract.body:
        cls = _class_of(module, statement, classes)
        if cls is None or cls in seen or (app := _app_of(cls, classes)) is None:
            continue
        seen.add(cls)
        assert cls.definition is not None
        if classes.is_made_proxy(cls) and cls.bound("Meta") is None:
            found.made.append(cls.definition.line)  # there is no table for it
        else:
            found.models.append(_entry(module, cls, cls.definition, app, classes))
    return found


def _class_of(module: Module, statement: Statement, classes: ModelClasses) -> Class | None:
    """The class that a statement makes, None where it makes none, or elsewhere."""
    if isinstance(statement, ClassDef) and statement.bases:
        return classes.classes.of_definition(module, statement)
    if isinstance(statement, Assign) and isinstance(statement.value, Call):
        made = classes.classes.of_assignment(module, statement)
        return made if made is not None and made.module is module else None
    return None


def _app_of(cls: Class, classes: ModelClasses) -> str | None:
    """The label of the app in which a class is registered, None where it is not."""
    if not classes.is_model(cls) or classes.is_abstract(cls):
        return None
    app = classes.app_label(cls)
    return app if app in classes.apps.by_label and not _is_swapped(cls, app, classes) else None


def _is_swapped(cls: Class, app: str | None, classes: ModelClasses) -> bool:
    setting = classes.option(cls, "swappable")
    if not isinstance(setting, str):
        return False
    value = classes.classes.values.setting(setting)
    return isinstance(value, str) and value.lower() != f"{app}.{cls.name}".lower()


def _entry(
    module: Module, cls: Class, definition: ClassDef, app: str, classes: ModelClasses
) -> ModelEntry:
    label = f"{app}.{cls.name}"
    table = classes.option(cls, "db_table")
    if not isinstance(table, str) or not table:
        table = label.replace(".", "_").lower()
    is_proxy = classes.is_proxy(cls)
    parents = [
        (classes.label(base), classes.label(classes.concrete(base)))
        for base in cls.bases
        if classes.is_model(base) and not classes.is_abstract(base)
    ]
    fields = classes.local(cls)
    return ModelEntry(
        label=label,
        dotted=cls.dotted,
        app=app,
        path=module.path,
        line=definition.line,
        table=None if is_proxy else table,
        fields={name: field_entry(field, cls, classes) for name, field in fields.items()},
        parents=parents,
        proxy_of=classes.label(classes.concrete(cls)) if is_proxy and parents else None,
        unread_bases=list(_unread_bases(cls)),
        history=history_of(cls, app, classes) if module.is_own else None,
        is_proxy=is_proxy,
        is_own=module.is_own,
        is_of_models=is_of_models(module),
        is_conditional=definition.is_conditional,
    )


def _unread_bases(cls: Class) -> Iterator[str]:
    for base in cls.mro:
        if (
            base.definition is None
            and not base.dotted.startswith(_NO_MODELS)
            and known_model(base.dotted) is None
        ):
            yield base.dotted
