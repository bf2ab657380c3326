"""Reading a replica's declaration: `Feed` is what all the others work with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from django.apps import apps
from django.db import connection, models

from ramet.calls import Contract
from ramet.errors import DiagnosticError, Mistake
from ramet.events.declaration import EventType, type_of
from ramet.replicas import reading
from ramet.replicas.model import Replica, rebuild_model
from ramet.replicas.shapes import as_version, value_at

__all__ = ["Column", "Feed", "feed_of", "feeds", "replicas"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and where in events and exported rows its value is."""

    field: models.Field[Any, Any]
    path: tuple[str, ...]

    def stored(self, source: object) -> Any:
        """The value as the database takes it."""
        value = value_at(source, self.path)
        if isinstance(self.field, models.JSONField):  # Django's takes no Value
            value = msgspec.json.decode(msgspec.json.encode(value))
        return self.field.get_db_prep_save(value, connection)

    def is_same(self, one: Any, other: Any) -> bool:
        """Whether two values of `stored` are the same to the database."""
        if isinstance(self.field, models.JSONField):
            return bool(_document(one) == _document(other))
        return bool(one == other)


@dataclass(frozen=True)
class Feed:
    """One sound declaration: what feeds which columns of which table."""

    model: type[Replica]
    upserts: tuple[type[Any], ...]
    deletes: tuple[type[Any], ...]
    contract: type[Contract]
    operation: str
    version: tuple[str, ...]
    columns: tuple[Column, ...]
    """The key is the first."""
    attempts: int

    @property
    def label(self) -> str:
        """Its name in commands, logs and tables: `orders.Product`."""
        return self.model._meta.label

    @property
    def key(self) -> Column:
        """The primary key."""
        return self.columns[0]

    @property
    def rebuild(self) -> type[models.Model]:
        """The model of the second table."""
        return rebuild_model(self.model)

    @property
    def export(self) -> str:
        """The full name of the operation that a rebuild calls."""
        return f"{self.contract.__ramet__.full_name}.{self.operation}"

    @property
    def events(self) -> tuple[EventType, ...]:
        """Those that upsert, then those that delete."""
        found = (type_of(cls) for cls in (*self.upserts, *self.deletes))
        return tuple(each for each in found if each is not None)

    @property
    def handlers(self) -> list[str]:
        """The names under which the inbox knows its subscriptions."""
        return [self.handler(each.cls) for each in self.events]

    def handler(self, event: type[Any]) -> str:
        """The name for one event: it stays when the model moves to another module."""
        return f"replica/{self.label}/{event.__name__}"

    @cached_property
    def fingerprint(self) -> str:
        """Changes when a replica that was built by it would look different if built anew."""
        parts = [self.export, ".".join(self.version)]
        parts += [f"{each.field.column}={'.'.join(each.path)}" for each in self.columns]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def version_of(self, source: object) -> int:
        """The version of an event or exported row."""
        return as_version(value_at(source, self.version))

    def key_text(self, source: object) -> str:
        """The key of an event or exported row as a text; `CAST(key AS text)` gives the same."""
        return str(self.key.stored(source))

    def row(self, source: object) -> list[Any]:
        """The columns of an event or exported row, then its version.

        Raises ValueError for a value that no column of the table takes.
        """
        values = [column.stored(source) for column in self.columns]
        for column, value in zip(self.columns, values, strict=True):
            if value is None and not column.field.null:
                raise ValueError(
                    f"{self.label}.{column.field.name} is None at {self.key_text(source)}, and the"
                    " column is not null=True"
                )
        return [*values, self.version_of(source)]


def _document(stored: Any) -> Any:
    """What is in a stored JSON document: wrapped for PostgreSQL, text for SQLite."""
    if isinstance(stored, str):
        return msgspec.json.decode(stored)
    return getattr(stored, "obj", stored)


def replicas() -> list[type[Replica]]:
    """Every replica of the installed apps, by name."""
    found = (each for each in apps.get_models() if issubclass(each, Replica))
    return sorted(
        (each for each in found if not each._meta.proxy), key=lambda each: each._meta.label
    )


def feeds() -> tuple[list[Feed], list[Mistake]]:
    """All sound declarations of this process, and what is wrong with the others."""
    found, mistakes = [], []
    for model in replicas():
        feed, wrong = _read(model)
        mistakes += wrong
        if feed is not None:
            found.append(feed)
    return found, mistakes


def feed_of(model: type[Replica]) -> Feed:
    """The declaration of one replica. Raises DiagnosticError with everything wrong with it."""
    feed, mistakes = _read(model)
    if feed is None:
        raise DiagnosticError(*mistakes)
    return feed


_READ: dict[type[Replica], Feed] = {}


def _read(model: type[Replica]) -> tuple[Feed | None, list[Mistake]]:
    if model in _READ:
        return _READ[model], []
    source, mistakes = reading.source_of(model)
    mistakes += reading.mistakes_of_table(model)
    if source is None or mistakes:
        return None, mistakes
    key = model._meta.pk
    fields = [key, *(field for field in source.fields if field is not key)]
    feed = _READ[model] = Feed(
        model=model,
        upserts=source.upserts,
        deletes=source.deletes,
        contract=source.contract,
        operation=source.operation,
        version=source.version,
        columns=tuple(Column(field, source.fields[field]) for field in fields),
        attempts=source.attempts,
    )
    return feed, []
