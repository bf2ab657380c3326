"""What an expression stands for, as far as source tells: a model, a row of it, a query, a class…

Linking follows values through names, attributes and calls. `None` is what nothing is known of, and
whatever is done with it leads to `None` again: nothing is guessed.
"""

from __future__ import annotations

import msgspec

__all__ = [
    "Bound",
    "ClassRef",
    "External",
    "ExternalCall",
    "FunctionRef",
    "InstanceOf",
    "Listing",
    "Mapping",
    "Meta",
    "ModelClass",
    "ModelInstance",
    "ModuleRef",
    "Named",
    "Query",
    "Records",
    "Request",
    "SettingsValue",
    "SuperOf",
    "Text",
    "Value",
]


class ModelClass(msgspec.Struct, frozen=True):
    """The class of a model, by its label."""

    label: str


class ModelInstance(msgspec.Struct, frozen=True):
    """A row of a model."""

    label: str


class Named(msgspec.Struct, frozen=True):
    """A path that a query expression names (`F("a__b")`), resolved where the expression is used.

    `how` is "lookup", "load" (`select_related`), "prefetch" or "outer" (`OuterRef`, resolved one
    query further out). `line` is 0 where the text stands in another file.
    """

    how: str
    path: str
    line: int


class Query(msgspec.Struct, frozen=True):
    """A query expression, such as Q, F or Count, with the paths that it names."""

    names: tuple[Named, ...]


class Records(msgspec.Struct, frozen=True):
    """A manager or query set of a model.

    `writes` is the label that adding to it writes, where it belongs to a row: a many-to-many's
    table, or the model itself. `is_plain` is false where its rows are no models: `values()`.
    `outer` are the paths that its conditions left to the query around it.
    """

    label: str
    writes: str | None = None
    is_plain: bool = True
    outer: tuple[Named, ...] = ()


class ClassRef(msgspec.Struct, frozen=True):
    """A class of the project that is no model, by its dotted name. Abstract models are some."""

    dotted: str


class InstanceOf(msgspec.Struct, frozen=True):
    """An instance of a class of the project that is no model."""

    dotted: str


class FunctionRef(msgspec.Struct, frozen=True):
    """A function or method of the project, by its dotted name."""

    dotted: str


class Bound(msgspec.Struct, frozen=True):
    """A method with what it is called on. `dotted` is None where no class of the project has it."""

    owner: Value
    name: str
    dotted: str | None


class ModuleRef(msgspec.Struct, frozen=True):
    """A module of the project."""

    dotted: str


class External(msgspec.Struct, frozen=True):
    """Something that is not the project's, by the dotted name under which it was imported."""

    dotted: str


class ExternalCall(msgspec.Struct, frozen=True):
    """What a call of something external gave: `Signal()`, `Celery("shop")`, `cursor()`.

    `where` is the dotted name it was assigned to in a module, "" elsewhere.
    """

    dotted: str
    arguments: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    where: str = ""

    def keyword(self, name: str) -> Value:
        for key, value in self.keywords:
            if key == name:
                return value
        return None


class Text(msgspec.Struct, frozen=True):
    """A string. Where parts of it are not known they are a NUL."""

    text: str
    line: int


class Listing(msgspec.Struct, frozen=True):
    """A list, tuple or set."""

    items: tuple[Value, ...]


class Mapping(msgspec.Struct, frozen=True):
    """A dictionary whose keys are known, as pairs."""

    pairs: tuple[tuple[Value, Value], ...]


class Meta(msgspec.Struct, frozen=True):
    """`_meta` of a model."""

    label: str


class Request(msgspec.Struct, frozen=True):
    """An HttpRequest: it has a user."""


class SettingsValue(msgspec.Struct, frozen=True):
    """The settings, or one of them where `name` is not empty."""

    name: str


class SuperOf(msgspec.Struct, frozen=True):
    """`super()` in a method of the class `dotted`, with the `self` that it has."""

    dotted: str
    owner: Value


Value = (
    Bound
    | ClassRef
    | External
    | ExternalCall
    | FunctionRef
    | InstanceOf
    | Listing
    | Mapping
    | Meta
    | ModelClass
    | ModelInstance
    | ModuleRef
    | Query
    | Records
    | Request
    | SettingsValue
    | SuperOf
    | Text
    | None
)
