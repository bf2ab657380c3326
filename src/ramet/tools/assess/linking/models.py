"""Classes -> models, with the fields that Django would give each: its own, and those it inherits.

The rules are those of `django.db.models.base.ModelBase`: a field of an abstract base comes down
unless a name in between hides it; a concrete base gives a link to its row; a proxy adds nothing.
"""

from __future__ import annotations

import msgspec

from ramet.tools.assess.linking.apps import Apps
from ramet.tools.assess.linking.asked import Answers
from ramet.tools.assess.linking.classes import Class, Classes
from ramet.tools.assess.linking.fields import Field, Fields
from ramet.tools.assess.linking.known.models import SEARCH_APPS, is_indexed, known_model
from ramet.tools.assess.linking.names import Module, Symbol
from ramet.tools.assess.linking.values import Value
from ramet.tools.assess.source.extract import Assign, Call, ClassDef, Expression, FunctionDef

__all__ = ["ADDED", "ModelClasses", "is_of_models"]

ADDED = "added"
"""The table of classes that are given fields from elsewhere; "" is whether any class is."""

DJANGO_MODEL = (
    "django.db.models.Model",
    "django.db.models.base.Model",
    "django.contrib.gis.db.models.Model",
)
_NO_BASES = (
    "django.",
    "rest_framework.",
    "enum.",
    "typing.",
    "abc.",
    "collections.",
    "dataclasses.",
)


# Classes with a Meta that are something else, by the ends of their names.
_NO_MODELS = ("Serializer", "Form", "Filter", "FilterSet", "Table")

# Options of Meta that models have, and hardly anything else.
_MODEL_OPTIONS = frozenset(
    (
        "app_label",
        "db_table",
        "managed",
        "proxy",
        "swappable",
        "unique_together",
        "verbose_name",
        "verbose_name_plural",
    )
)


class ModelClasses:
    """Asks classes what Django would know of them. Each is looked at once."""

    def __init__(self, classes: Classes, fields: Fields, apps: Apps) -> None:
        self.classes = classes
        self.fields = fields
        self.apps = apps
        self.added: dict[Class, list[tuple[str, Field]]] = {}
        self.asked = classes.values.names.asked
        self._models: Answers[Class, bool] = {}
        self._metas: Answers[Class, Class | None] = {}
        self._declared: Answers[Class, dict[str, Field]] = {}
        self._local: Answers[Class, dict[str, Field]] = {}

    def is_model(self, cls: Class) -> bool:
        """Whether a class is a model, abstract ones too."""
        return self.asked.once(self._models, cls, False, self._is_model, cls)

    def _is_model(self, cls: Class) -> bool:
        if cls.definition is None:
            return cls.dotted in DJANGO_MODEL or known_model(cls.dotted) is not None
        if any(self.is_model(base) for base in cls.bases):
            return True
        # A base that was not read may be a model of a package: fields and Meta give it away.
        unknown = [
            each
            for each in cls.mro
            if each.definition is None and not each.dotted.startswith(_NO_BASES)
        ]
        return bool(unknown) and self._looks_like_a_model(cls)

    def _looks_like_a_model(self, cls: Class) -> bool:
        meta = self._own_meta(cls)
        if meta is not None and not cls.name.endswith(_NO_MODELS):
            options = {name for each in meta.mro for name in each.names}
            # Types of GraphQL are abstract too, but not in modules of models.
            is_abstract = "abstract" in options and is_of_models(cls.module)
            if "model" not in options and (is_abstract or not _MODEL_OPTIONS.isdisjoint(options)):
                return True
        for name, statement in cls.names.items():
            if isinstance(statement, Assign) and isinstance(statement.value, Call):
                field = self.fields.of(cls, name, statement.value, statement.line)
                if field is not None and field.field_class.startswith("django."):
                    return True
        return False

    def meta(self, cls: Class) -> Class | None:
        """The `Meta` that counts: the class's own, else that of the first abstract base."""
        return self.asked.once(self._metas, cls, None, self._meta, cls)

    def _meta(self, cls: Class) -> Class | None:
        own = self._own_meta(cls)
        if own is not None:
            return own
        for base in cls.mro[1:]:
            if base.definition is not None and self.is_abstract(base):
                inherited = self._own_meta(base)
                if inherited is not None:
                    return inherited
        return None

    def _own_meta(self, cls: Class) -> Class | None:
        statement = cls.bound("Meta")
        if cls.module is None or statement is None:
            return None
        if isinstance(statement, ClassDef):
            return self.classes.of_definition(cls.module, statement)
        if isinstance(statement, Assign):
            return self.classes.of_expression(cls.module, statement.value)
        return None

    def is_abstract(self, cls: Class) -> bool:
        """Whether its own Meta says so. Of what was not read, what is not known to be concrete."""
        if cls.definition is None:
            known = known_model(cls.dotted)
            return known is None or known.label is None
        meta = self._own_meta(cls)
        while meta is not None and meta.definition is not None:
            statement = meta.bound("abstract")
            if isinstance(statement, Assign):
                return statement.value is True
            # Django sets `abstract` of a model's Meta to False once the model is made.
            meta = next((b for b in meta.bases if not b.dotted.endswith(".Meta")), None)
        return False

    def option(self, cls: Class, name: str) -> object:
        """The value of an option of Meta, None where it is not given or not known."""
        meta = self.meta(cls)
        if meta is None:
            return None
        for each in meta.mro:
            statement = each.bound(name)
            if isinstance(statement, Assign) and each.module is not None:
                value: object = self.classes.values.of(
                    each.module, statement.value, cls=each.definition
                )
                return value
        return None

    def is_made_proxy(self, cls: Class) -> bool:
        """Whether a metaclass makes it a proxy: one of the project, with a Meta in `__new__`."""
        for each in cls.mro:
            if each.definition is None or each.module is None:
                continue
            keyword = each.definition.keywords.get("metaclass")
            metaclass = self.classes.of_expression(each.module, keyword) if keyword else None
            found = metaclass.attribute("__new__") if metaclass is not None else None
            if found is not None and isinstance(found[1], FunctionDef):
                return any(
                    isinstance(inner, ClassDef)
                    and inner.name.endswith(".Meta")
                    and _is_proxy(inner)
                    for inner in found[1].body
                )
        return False

    def is_proxy(self, cls: Class) -> bool:
        """Whether it shares its parent's table."""
        return self.option(cls, "proxy") is True

    def app_label(self, cls: Class) -> str | None:
        """The label of its app, None where no installed app has it."""
        label = self.option(cls, "app_label")
        if isinstance(label, str):
            return label
        app = self.apps.containing(cls.module.name) if cls.module is not None else None
        return app.label if app is not None else None

    def named(self, value: Value) -> str | None:
        """The label of what a field leads to, or what is written in its place, None for neither."""
        if isinstance(value, str):
            return value
        if isinstance(value, Symbol) and value.module is None:
            name = value.dotted.rpartition(".")[2]
            if not name[:1].isupper() or (name.isupper() and len(name) > 1):
                return None  # a constant of a package, not a class
            home = self.classes.values.names.find(value.dotted.rpartition(".")[0])
            if home is not None and home.is_own:
                return None  # nothing that the module's source binds
        cls = self.classes.of_symbol(value) if isinstance(value, Symbol) else value
        return self.label(cls) if isinstance(cls, Class) else None

    def label(self, cls: Class) -> str | None:
        """`app.Model`; of a class that was not read, what its package would call it."""
        from ramet.tools.assess.linking.known.labels import label_of

        if cls.definition is None:
            known = known_model(cls.dotted)
            if known is not None and known.label:
                return known.label
            package = cls.dotted.rpartition(".")[0]
            return f"{label_of(package)}.{cls.name}" if package else None
        app = self.app_label(cls)
        if app is None and cls.module is not None and not cls.module.is_own:
            app = label_of(cls.module.package if not cls.module.is_package else cls.module.name)
        return f"{app}.{cls.name}" if app is not None else None

    def declared(self, cls: Class) -> dict[str, Field]:
        """The fields in a class's own body, and those added to it from elsewhere."""
        return self.asked.once(self._declared, cls, {}, self._declared_fields, cls)

    def _declared_fields(self, cls: Class) -> dict[str, Field]:
        found = {}
        for name, statement in cls.names.items():
            if isinstance(statement, Assign) and _may_be_field(statement.value):
                field = self.fields.of(cls, name, statement.value, statement.line)
                if field is not None:
                    found[name] = field
        self.asked.note(ADDED, cls.dotted)
        for name, field in self.added.get(cls, ()):
            self.asked.note(ADDED, "")
            found.setdefault(name, field)
        return found

    def local(self, cls: Class) -> dict[str, Field]:
        """The fields of a model's own table, inherited ones with them, as `_meta.local_fields`."""
        return self.asked.once(self._local, cls, {}, self._local_fields, cls)

    def _local_fields(self, cls: Class) -> dict[str, Field]:
        if cls.definition is None:
            return self._known_fields(cls)
        found = self._inherited(cls)
        if not self.is_abstract(cls):
            self._add_of_packages(cls, found)
        return found

    def _add_of_packages(self, cls: Class, found: dict[str, Field]) -> None:
        """What packages add to each concrete model that uses them."""
        index = next((app for app in SEARCH_APPS if app in self.apps.by_label), None)
        if index is not None and any(is_indexed(each.dotted) for each in cls.mro):
            assert cls.definition is not None
            assert cls.module is not None
            found["index_entries"] = Field(
                "index_entries",
                "generic_relation",
                cls,
                cls.module.path,
                cls.definition.line,
                target=f"{index}.IndexEntry",
            )
        for field in [each for each in found.values() if each.is_tags]:
            if self._is_generic(cls, field):
                # What django-taggit adds to every model with tags.
                relation = msgspec.structs.replace(
                    field,
                    name="tagged_items",
                    kind="generic_relation",
                    target=field.through,
                    through=None,
                    is_tags=False,
                )
                found.setdefault("tagged_items", relation)

    def _is_generic(self, cls: Class, field: Field) -> bool:
        """Whether the model of the tags' table relates to any model."""
        through = field.through
        if through == "taggit.TaggedItem":
            return True
        if isinstance(through, str) and "." not in through:
            through = f"{self.app_label(cls)}.{through}"
        table = self.classes.of_value(through)
        return table is not None and any(
            "Generic" in each.name and each.name.endswith("ItemBase") for each in table.mro
        )

    def _inherited(self, cls: Class) -> dict[str, Field]:
        found = dict(self.declared(cls))
        parents = [base for base in cls.bases if self.is_model(base)]
        hidden = set(cls.names)
        is_proxy = self.is_proxy(cls) and not self.is_abstract(cls)
        for base in cls.mro[1:]:
            if base not in parents:
                hidden.update(base.names)
            elif self.is_abstract(base):
                for name, field in self.local(base).items():
                    if name not in found and name not in hidden:
                        found[name] = field
            else:
                if not is_proxy:
                    link = self._parent_link(cls, base, found)
                    found[link.name] = link
                for name, field in self.local(base).items():
                    hidden.add(name)
                    # Private fields come down to every child, as Django copies them.
                    if field.kind in ("gfk", "generic_relation") and not is_proxy:
                        found.setdefault(name, field)
        return found

    def _known_fields(self, cls: Class) -> dict[str, Field]:
        """Those that a package's abstract model is known for."""
        known = known_model(cls.dotted)
        fields = known.fields if known is not None else ()
        found = {}
        for name, kind, target, through in fields:
            aim = self.classes.values.setting("AUTH_USER_MODEL") if target == "*user*" else target
            found[name] = Field(name, kind, cls, "", 0, target=aim, through=through)
        return found

    def _parent_link(self, cls: Class, base: Class, found: dict[str, Field]) -> Field:
        """The one-to-one field to a concrete parent's row: an explicit one, else `place_ptr`."""
        concrete = self.concrete(base)
        for field in found.values():
            if field.kind == "o2o" and field.options.get("parent_link") is True:
                if self.target_class(field, cls) in (None, concrete):
                    return msgspec.structs.replace(field, kind="mti_parent", target=concrete)
            elif field.target is concrete:
                return field
        assert cls.definition is not None
        assert cls.module is not None
        return Field(
            f"{concrete.name.lower()}_ptr",
            "mti_parent",
            cls,
            cls.module.path,
            cls.definition.line,
            target=concrete,
        )

    def target_class(self, field: Field, cls: Class) -> Class | None:
        """The class that a field leads to, None where only a label is known of it."""
        if isinstance(field.target, Class):
            return field.target
        if isinstance(field.target, Symbol):
            return self.classes.of_symbol(field.target)
        return cls if field.target == "self" else None

    def concrete(self, cls: Class) -> Class:
        """The model whose table a proxy uses, else the class itself."""
        seen = {cls}
        while cls.definition is not None and self.is_proxy(cls):
            parent = next(
                (b for b in cls.bases if self.is_model(b) and not self.is_abstract(b)), None
            )
            if parent is None or parent in seen:
                break
            seen.add(parent)
            cls = parent
        return cls


def is_of_models(module: Module | None) -> bool:
    """Whether it is an app's `models`, or a module in that package."""
    return module is not None and "models" in module.name.split(".")


def _is_proxy(meta: ClassDef) -> bool:
    return any(
        isinstance(each, Assign) and each.target == "proxy" and each.value is True
        for each in meta.body
    )


def _may_be_field(value: Expression) -> bool:
    return not (value is None or isinstance(value, bool | int | float | str))
