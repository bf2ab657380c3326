"""What is wrong with a replica's declaration: all mistakes of one replica, told together."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

from django.db import models

from ramet.calls import Contract
from ramet.calls.contracts import contracts
from ramet.calls.operations import Operation
from ramet.errors import Mistake
from ramet.events.declaration import type_of
from ramet.replicas import shapes
from ramet.replicas.model import LONGEST_KEY, Replica, replicated_fields
from ramet.replicas.readonly import ReplicaQuerySet

__all__ = ["Source", "mistakes_of_table", "source_of"]

_OPTIONS = ("upsert", "delete", "export", "version", "fields", "attempts")
_KEYS = (models.UUIDField, models.CharField, models.IntegerField)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """The inner class of a replica, read and found sound."""

    upserts: tuple[type[Any], ...]
    deletes: tuple[type[Any], ...]
    contract: type[Contract]
    operation: str
    version: Path
    fields: dict[models.Field[Any, Any], Path]
    attempts: int


def source_of(model: type[Replica]) -> tuple[Source | None, list[Mistake]]:
    """What `Source` says; None with mistakes when it cannot be followed."""
    where = f"{model.__module__}.{model.__qualname__}.Source"
    declared = getattr(model, "Source", None)
    if not inspect.isclass(declared):
        return None, [
            Mistake(
                "replica-source",
                where,
                "no class Source",
                "an inner class that says what feeds the replica",
                "write `class Source:` with upsert, delete, export and version",
            )
        ]
    said = {name: getattr(declared, name) for name in dir(declared) if not name.startswith("_")}
    mistakes = [*_options(said, where)]
    upserts = _classes(said.get("upsert"))
    deletes = _classes(said.get("delete"))
    mistakes += _events("upsert", upserts, where)
    mistakes += _events("delete", deletes, where)
    mistakes += _same_names((*upserts, *deletes), where)
    contract, operation = _operation(said.get("export"))
    rows = None
    if "export" in said:
        rows, wrong = _export(operation, where)
        mistakes += wrong
    version: Path = tuple(str(said.get("version", "")).split("."))
    paths, wrong = _paths(model, said.get("fields", {}), where)
    mistakes += wrong
    # What they hold is looked at only where it is known what they are.
    whole = {each.__name__: shapes.shape_of(each) for each in upserts if _is_event(each)}
    if rows is not None:
        whole["the rows of export"] = rows
    keys = {each.__name__: shapes.shape_of(each) for each in deletes if _is_event(each)}
    mistakes += _columns(paths, whole, where)
    key = paths.get(model._meta.pk)
    if key is not None:
        mistakes += _columns({model._meta.pk: key}, keys, where)
        mistakes += _key_types(key, whole | keys, where)
    if "version" in said:
        mistakes += _versions(version, whole | keys, where)
    if mistakes or contract is None or operation is None:
        return None, mistakes
    attempts = said.get("attempts", 8)
    return Source(upserts, deletes, contract, operation.name, version, paths, attempts), []


def mistakes_of_table(model: type[Replica]) -> list[Mistake]:
    """What in the model itself no replica can have."""
    where = f"{model.__module__}.{model.__qualname__}"
    found = []
    key = model._meta.pk
    if key.auto_created or isinstance(key, models.AutoField) or not isinstance(key, _KEYS):
        found.append(
            (
                f"the key {key.name}, a {type(key).__name__}",
                "the source's own key as primary_key=True: a UUID, a CharField or a whole number",
                "give the column that the source knows its rows by primary_key=True",
            )
        )
    elif isinstance(key, models.CharField) and (key.max_length or inf) > LONGEST_KEY:
        found.append(
            (
                f"the key {key.name} of {key.max_length or 'any number of'} characters",
                f"at most {LONGEST_KEY}: so much is remembered of a row that was deleted",
                f"say max_length={LONGEST_KEY} or less, or use another key of the source",
            )
        )
    for field in model._meta.local_fields:
        if field.is_relation:
            found.append(
                (
                    f"the relation {field.name}",
                    "columns without constraints: events arrive in no order of tables",
                    f"use ramet.RemoteKey for {field.name}",
                )
            )
        elif field.unique and not field.primary_key:
            found.append(_unique(field.name))
    found += [
        _unique(", ".join(constraint.fields) or constraint.name)
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
    ]
    found += [_unique(", ".join(names)) for names in model._meta.unique_together]
    if model._meta.parents:
        found.append(
            (
                "a base class with a table of its own",
                "one table: abstract base classes only",
                "derive from ramet.Replica, or from an abstract replica",
            )
        )
    found += [
        (
            f"the manager {manager.name}, whose querysets can write",
            "a manager that derives from ramet.replicas.readonly.ReplicaManager",
            "change its base class",
        )
        for manager in model._meta.managers
        if not isinstance(manager.get_queryset(), ReplicaQuerySet)
    ]
    return [Mistake("replica-table", where, *each) for each in found]


def _unique(columns: str) -> tuple[str, str, str]:
    return (
        f"a unique constraint on {columns}",
        "no constraint beside the key: events of two rows arrive in no order, so a value that"
        " passes from one to the other would keep one of them out",
        "make it an index",
    )


def _options(said: dict[str, Any], where: str) -> Iterator[Mistake]:
    for name in said:
        if name not in _OPTIONS:
            yield Mistake(
                "replica-source",
                f"{where}.{name}",
                f"the unknown option {name}",
                f"one of {', '.join(_OPTIONS)}",
                "correct or remove it",
            )
    for name, remedy in (
        ("upsert", "name the event that tells of a new or changed row"),
        ("delete", "name the event that tells of a deleted row, or say delete = None if none is"),
        ("export", "name an operation of the source's contract, such as Products.export"),
        ("version", "name the field that grows with each change of a row, a counter or a time"),
    ):
        if name not in said:
            yield Mistake("replica-source", where, f"no {name}", f"{name} = ...", remedy)
    attempts = said.get("attempts", 8)
    if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= 1000:
        yield Mistake(
            "replica-source",
            f"{where}.attempts",
            repr(attempts),
            "a whole number from 1 to 1000",
            "leave it out for 8, which spreads over about one minute",
        )


def _classes(said: Any) -> tuple[Any, ...]:
    if said is None:
        return ()
    return tuple(said) if isinstance(said, tuple | list) else (said,)


def _events(option: str, said: tuple[Any, ...], where: str) -> Iterator[Mistake]:
    for each in said:
        if not _is_event(each):
            yield Mistake(
                "replica-event",
                f"{where}.{option}",
                f"{getattr(each, '__qualname__', each)!s}, which is no event",
                "a class that @ramet.event declares",
                "import it from the events module of the service that publishes it",
            )


def _is_event(said: Any) -> bool:
    return inspect.isclass(said) and type_of(said) is not None


def _same_names(said: tuple[Any, ...], where: str) -> Iterator[Mistake]:
    """Handlers are known by the names of classes: each of them must have its own."""
    names = [getattr(each, "__name__", "") for each in said]
    for name in sorted({each for each in names if each and names.count(each) > 1}):
        yield Mistake(
            "replica-event",
            where,
            f"two events named {name}, or one that is named twice",
            "events whose classes have different names",
            "rename one of the classes, or name it once",
        )


def _operation(function: Any) -> tuple[type[Contract] | None, Operation | None]:
    for contract in contracts().values():
        for name, operation in contract.__ramet__.operations.items():
            if function is not None and vars(contract).get(name) is function:
                return contract, operation
    return None, None


def _export(operation: Operation | None, where: str) -> tuple[Any, list[Mistake]]:
    """The shape of its rows, and what is wrong with it."""
    rows, found = None, "something that is no operation of a contract"
    if operation is not None:
        found = f"{operation.full_name}, which takes or gives something else"
        (answer,) = (each.type for each in _fields(operation.Answer))
        arguments = _fields(operation.Arguments)
        if [each.encode_name for each in arguments] == ["cursor"] and not arguments[0].required:
            rows = shapes.rows_of(answer)
    if rows is not None:
        return rows, []
    return None, [
        Mistake(
            "replica-event",
            f"{where}.export",
            found,
            'an operation (cursor: str = "") that returns a Value with `rows`, a list of Values,'
            ' and `next_cursor`, which is "" on the last page',
            "add one to the contract of the source; see docs/how-to/keep-a-replica.md",
        )
    ]


def _fields(struct: Any) -> Any:
    import msgspec

    return msgspec.structs.fields(struct)


def _paths(
    model: type[Replica], said: Any, where: str
) -> tuple[dict[models.Field[Any, Any], Path], list[Mistake]]:
    columns = {field.name: field for field in replicated_fields(model)}
    given = dict(said) if isinstance(said, dict) else {}
    mistakes = [
        Mistake(
            "replica-columns",
            f"{where}.fields",
            f"{name!r}, which is no column",
            f"columns of {model.__name__}: {', '.join(columns)}",
            "map columns to fields of the events, not the other way round",
        )
        for name in given
        if name not in columns
    ]
    return {
        f: tuple(str(given.get(name, name)).split(".")) for name, f in columns.items()
    }, mistakes


def _columns(
    paths: dict[models.Field[Any, Any], Path], shapes_by_name: dict[str, Any], where: str
) -> Iterator[Mistake]:
    for field, path in paths.items():
        for name, shape in shapes_by_name.items():
            try:
                found = shapes.part(shape, path)
            except KeyError as missing:
                yield Mistake(
                    "replica-columns",
                    f"{where}.fields",
                    f"no {missing.args[0]!r} in {name} for the column {field.name}",
                    f"a field {'.'.join(path)} in every event and in the rows of the export",
                    f'add it there, or say where it is: fields = {{"{field.name}": "..."}}',
                )
                continue
            if shapes.is_record(found) and not isinstance(field, models.JSONField):
                yield Mistake(
                    "replica-columns",
                    f"{where}.fields",
                    f"{'.'.join(path)} of {name}, which has fields of its own, for {field.name}",
                    "something that a column can hold",
                    f'name a part of it: fields = {{"{field.name}": "{".".join(path)}.…"}}',
                )


def _key_types(path: Path, known: dict[str, Any], where: str) -> Iterator[Mistake]:
    for name, shape in known.items():
        try:
            found = shapes.part(shape, path)
        except KeyError:
            continue  # told already
        if not shapes.is_key(found):
            yield Mistake(
                "replica-columns",
                f"{where}.fields",
                f"the key {'.'.join(path)} of {name}, which may be absent or has many texts",
                "a UUID, a text or a whole number that is always there",
                "use the id that the source knows its rows by",
            )


def _versions(path: Path, known: dict[str, Any], where: str) -> Iterator[Mistake]:
    for name, shape in known.items():
        try:
            found, problem = shapes.part(shape, path), "is no whole number and no datetime"
        except KeyError:
            found, problem = None, "is not there"
        if not shapes.is_version(found):
            yield Mistake(
                "replica-columns",
                f"{where}.version",
                f"version = {'.'.join(path)!r}, which {problem} in {name}",
                "an int or datetime, never None, in every event and in the rows of the export",
                "let the source count the changes of each row, and publish the count",
            )
