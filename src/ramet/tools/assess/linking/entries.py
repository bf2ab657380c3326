"""The models that a file defines, as they are registered: with names in place of all classes.

So they can be kept from run to run, file by file, until the file changes or a fact that was asked
for. What a name leads to is known only when all are registered.
"""

import msgspec

from ramet.tools.assess.linking.classes import Class
from ramet.tools.assess.linking.fields import Field
from ramet.tools.assess.linking.known.models import known_model
from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.names import Symbol
from ramet.tools.assess.linking.visible import ALL

__all__ = ["FieldEntry", "History", "InFile", "ModelEntry", "field_entry"]


class FieldEntry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A field of a model. `kind` is that of an edge, or "plain" where it is no relation.

    `target` and `through` are labels, or what is written: a bare name, `self`, or `*` for any
    model; None where it is not known. `package` is that of a target which was not read, and of
    which nothing is known. `owner` is the class that defines it, "" for the model's own.
    """

    name: str
    kind: str
    path: str
    line: int
    target: str | None = None
    through: str | None = None
    related_name: str | None = None
    related_query_name: str | None = None
    owner: str = ""
    package: str = ""
    is_written: bool = False
    is_owner_own: bool = True
    is_tags: bool = False

    @property
    def is_relation(self) -> bool:
        """Whether it relates two models."""
        return self.kind != "plain"


class ModelEntry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A concrete model or a proxy. `fields` are all but those of concrete parents, by name.

    `parents` are labels of its concrete bases, each with that of the model whose table it uses, and
    `proxy_of` is the latter of a proxy itself. `unread_bases` are those of unknown packages.
    """

    label: str
    dotted: str
    app: str
    path: str
    line: int
    table: str | None
    fields: dict[str, FieldEntry]
    parents: list[tuple[str | None, str | None]] = []
    proxy_of: str | None = None
    unread_bases: list[str] = []
    history: "History | None" = None
    is_proxy: bool = False
    is_own: bool = True
    is_of_models: bool = False
    is_conditional: bool = False

    @property
    def name(self) -> str:
        """That of its class."""
        return self.dotted.rpartition(".")[2]


class History(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The model that keeps another's history. It has copies of all fields but those `excluded`."""

    model: ModelEntry
    excluded: list[str]


class InFile(msgspec.Struct, array_like=True, gc=False):
    """The models of a file, and the lines of classes of which a metaclass makes proxies."""

    models: list[ModelEntry]
    made: list[int]


def field_entry(field: Field, cls: Class, classes: ModelClasses) -> FieldEntry:
    """The entry of a field that a model's class has."""
    if cls.module is None or field.path != cls.module.path:
        classes.asked.note(field.path, ALL)  # for its line, which no other fact tells
    if not field.is_relation:
        return FieldEntry(field.name, field.kind, field.path, field.line)
    is_inherited = field.owner is not cls
    owner = field.owner.module
    return FieldEntry(
        field.name,
        field.kind,
        field.path,
        field.line,
        classes.named(field.target),
        classes.named(field.through),
        field.text("related_name"),
        field.text("related_query_name"),
        owner=field.owner.dotted if is_inherited else "",
        package=_unread_package(field),
        is_written=isinstance(field.target, str),
        is_owner_own=owner is not None and owner.is_own,
        is_tags=field.is_tags,
    )


def _unread_package(field: Field) -> str:
    target = field.target
    if (
        isinstance(target, Symbol)
        and target.module is None
        and not target.dotted.startswith("django.")
        and known_model(target.dotted) is None
    ):
        return target.dotted.partition(".")[0]
    return ""
