"""The probe's answer, typed. Every file is an absolute path of the machine that it ran on."""

from __future__ import annotations

import msgspec

from ramet.tools.assess.facts import EdgeKind

__all__ = ["Failure", "Receiver", "RegisteredModel", "Registry", "Relation", "Url"]


class RegisteredApp(msgspec.Struct, frozen=True, kw_only=True):
    """An installed app: its label, dotted package and folder."""

    label: str
    package: str
    file: str


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model in the registry. `line` is 0 where no class statement makes it.

    `is_auto` is true of the through models that Django makes, `is_swapped` where a setting names
    another model in its place.
    """

    label: str
    app: str
    module: str
    name: str
    file: str
    line: int
    table: str | None
    is_proxy: bool
    is_auto: bool
    is_managed: bool
    is_swapped: bool


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """A relation of a model. `home` is the class whose body assigns it, None where none does.

    `is_auto` belongs to a through model that Django makes. `is_copied` is one that Django copied
    from a concrete parent, or onto a proxy.
    """

    kind: EdgeKind
    source: str
    target: str
    field: str
    through: str | None
    file: str
    line: int
    home: str | None
    is_auto: bool
    is_copied: bool


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """A connected receiver. `sender` is a model's label, None for any or no model."""

    signal: str
    sender: str | None
    name: str
    file: str
    line: int


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """A route of the URL configuration and its view, `name` dotted."""

    route: str
    url_name: str | None
    name: str
    file: str
    line: int


class Registry(msgspec.Struct, frozen=True, kw_only=True, tag_field="answer", tag="registry"):
    """All that was asked. `problems` are the questions that the project did not answer, and why."""

    django: str
    python: str
    settings: str | None
    apps: list[RegisteredApp]
    models: list[RegisteredModel]
    relations: list[Relation]
    receivers: list[Receiver]
    urls: list[Url]
    problems: list[str]


class StartError(msgspec.Struct, frozen=True, kw_only=True):
    """Why the project did not start; `file` and `line` are the last ones of its own on the way."""

    type: str
    message: str
    file: str
    line: int
    traceback: str


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag_field="answer", tag="failure"):
    """The answer of a project that does not start."""

    error: StartError
