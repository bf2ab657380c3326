"""The models of a project by their labels, as Django's registry would have them."""

from __future__ import annotations

from collections.abc import Iterable

from ramet.tools.assess.linking.classes import Class
from ramet.tools.assess.linking.fields import Field
from ramet.tools.assess.linking.models import ModelClass, ModelClasses, is_of_models
from ramet.tools.assess.linking.names import Module, Symbol
from ramet.tools.assess.linking.values import Value
from ramet.tools.assess.source.extract import Assign, Call, ClassDef, Statement

__all__ = ["Registry"]


class Registry:
    """`models` are concrete ones and proxies by label, own ones and those that they point to."""

    def __init__(self, classes: ModelClasses) -> None:
        self.classes = classes
        self.models: dict[str, ModelClass] = {}
        self.made: list[Class] = []
        """Classes of which a metaclass makes proxies as they are met: no part of any table."""
        self._lower: dict[str, str] = {}
        self._labels: dict[Class, str] = {}

    def models_in(self, module: Module) -> list[tuple[int, bool]]:
        """Which statements of a module make models, by their place in it.

        And whether a metaclass makes a proxy of it, for which there is no table.
        """
        found = []
        seen: set[Class] = set()
        for at, statement in enumerate(module.extract.body):
            cls = self._class_of(module, statement)
            if cls is not None and cls not in seen and self._is_registered(cls):
                seen.add(cls)
                is_made = self.classes.is_made_proxy(cls) and cls.bound("Meta") is None
                found.append((at, is_made))
        return found

    def register(self, module: Module, found: Iterable[tuple[int, bool]]) -> None:
        """Add the models of a module. Of several with one label, the unconditional one stays."""
        for at, is_made in found:
            cls = self._class_of(module, module.extract.body[at])
            app = self.classes.app_label(cls) if cls is not None else None
            assert cls is not None
            assert app is not None
            if is_made:
                self.made.append(cls)
            else:
                self.add(self.classes.build(cls, f"{app}.{cls.name}", app))

    def _class_of(self, module: Module, statement: Statement) -> Class | None:
        """The class that a statement makes, None where it makes none, or elsewhere."""
        if isinstance(statement, ClassDef) and statement.bases:
            return self.classes.classes.of_definition(module, statement)
        if isinstance(statement, Assign) and isinstance(statement.value, Call):
            made = self.classes.classes.of_assignment(module, statement)
            return made if made is not None and made.module is module else None
        return None

    def _is_registered(self, cls: Class) -> bool:
        if not self.classes.is_model(cls) or self.classes.is_abstract(cls):
            return False
        app = self.classes.app_label(cls)
        return app in self.classes.apps.by_label and not self._is_swapped(cls, app)

    def add(self, model: ModelClass) -> None:
        """Add one, or keep the one that Django would have met first."""
        there = self.models.get(model.label)
        if there is not None and _goes_before(there, model):
            self._labels[model.cls] = model.label
            return
        self.models[model.label] = model
        self._lower[model.label.lower()] = model.label
        self._labels[model.cls] = model.label

    def _is_swapped(self, cls: Class, app: str | None) -> bool:
        setting = self.classes.option(cls, "swappable")
        if not isinstance(setting, str):
            return False
        value = self.classes.classes.values.setting(setting)
        return isinstance(value, str) and value.lower() != f"{app}.{cls.name}".lower()

    def label(self, cls: Class) -> str | None:
        """The label of a class, whether or not its model is here."""
        return self._labels.get(cls) or self.classes.label(cls)

    def canonical(self, label: str) -> str:
        """A label as its model's class spells it: Django does not mind the case of the name."""
        return self._lower.get(label.lower(), label)

    def target(self, field: Field, model: ModelClass) -> str | None:
        """The label that a field of a model leads to, `*` for any model, None if not known."""
        if field.is_tags and field.through is not None:
            through = self.models.get(self.label_of_value(field.through, model) or "")
            tag = through.fields.get("tag") if through is not None else None
            if through is not None and tag is not None:
                return self.label_of_value(tag.target, through)
        return self.label_of_value(field.target, model)

    def label_of_value(self, value: Value, model: ModelClass) -> str | None:
        """That of a class, of `app.Model`, of `Model` in the model's own app, or of `self`."""
        if isinstance(value, str):
            if value == "self":
                return model.label
            if value == "*":
                return value
            return self.canonical(value if "." in value else f"{model.app}.{value}")
        cls = value if isinstance(value, Class) else None
        if isinstance(value, Symbol) and value.module is None:
            name = value.dotted.rpartition(".")[2]
            if not name[:1].isupper() or (name.isupper() and len(name) > 1):
                return None  # a constant of a package, not a class
            home = self.classes.classes.values.names.find(value.dotted.rpartition(".")[0])
            if home is not None and home.is_own:
                return None  # nothing that the module's source binds
        if isinstance(value, Symbol):
            cls = self.classes.classes.of_symbol(value)
        if cls is None:
            return None
        label = self.label(cls)
        return self.canonical(label) if label is not None else None


def _goes_before(there: ModelClass, model: ModelClass) -> bool:
    """Of two with one label: that of the project, in `models`, unconditional, the first."""

    def rank(one: ModelClass) -> tuple[bool, bool, bool]:
        return one.is_own, is_of_models(one.cls.module), not one.is_conditional

    return rank(there) >= rank(model)
