"""The SQL of a replica's two tables: its own, and the one that a rebuild fills.

Set-based, so that a rebuild needs the memory of one page, and so that its swap is the database's
own work: nothing travels, nobody is waited for.
"""

# ruff: noqa: S608  values are parameters; what is put in are quoted names of columns and tables

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import OperationalError, connection, models, transaction

from ramet.events import sql
from ramet.replicas.declaration import Feed
from ramet.replicas.model import VERSION

__all__ = ["delete", "empty", "has", "merge", "upsert"]

_TOGETHER = 200
"""Rows of one statement; SQLite takes some 32,000 parameters."""

_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's SQLSTATE for a lock that somebody else has."""


def upsert(feed: Feed, model: type[models.Model], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows of `Feed.row`, each unless the one that is there is as new. No key comes twice."""
    columns = _columns(feed)
    table, key, version = _table(model), _key(feed), _name(VERSION)
    assignments = ", ".join(f"{each} = excluded.{each}" for each in columns if each != key)
    one = f"({', '.join(['%s'] * len(columns))})"
    for start in range(0, len(rows), _TOGETHER):
        part = rows[start : start + _TOGETHER]
        sql.run(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * len(part))}"
            f" ON CONFLICT ({key}) DO UPDATE SET {assignments}"
            f" WHERE {table}.{version} < excluded.{version}",
            [value for row in part for value in row],
        )


def delete(feed: Feed, model: type[models.Model], key: Any, version: int) -> bool:
    """Delete a row unless it is newer than that; whether one that is newer stays."""
    where = f"{_table(model)} WHERE {_key(feed)} = %s AND {_name(VERSION)} <= %s"
    sql.run(f"DELETE FROM {where}", [key, version])
    return has(feed, model, key)


def has(feed: Feed, model: type[models.Model], key: Any) -> bool:
    """Whether there is a row of that key."""
    return bool(sql.rows(f"SELECT 1 FROM {_table(model)} WHERE {_key(feed)} = %s", [key]))


def empty(feed: Feed) -> None:
    """Leave nothing in the table of rebuilds, and wait for nobody: all events wait meanwhile."""
    table = _table(feed.rebuild)
    if sql.is_postgresql():
        # Quick and without leftovers, but it would wait for every reader: a dump takes hours.
        try:
            with transaction.atomic():
                sql.run(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE NOWAIT")
                sql.run(f"TRUNCATE TABLE {table}")
            return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
    sql.run(f"DELETE FROM {table}")


def merge(feed: Feed, number: int) -> dict[str, int]:
    """Make the replica equal to what the rebuild `number` has; how many rows that concerned.

    Only what differs is written. What vanishes leaves tombstones; what is there has none.
    """
    columns, key, version = _columns(feed), _key(feed), _name(VERSION)
    mine, theirs, tombs = _table(feed.model), _table(feed.rebuild), "ramet_replicas_tombstone"
    absent = f"NOT EXISTS (SELECT 1 FROM {theirs} t WHERE t.{key} = {mine}.{key})"
    differs = "IS DISTINCT FROM" if sql.is_postgresql() else "IS NOT"
    others = [each for each in columns if each != key]
    sql.run(
        f"INSERT INTO {tombs} (replica, {_name('key')}, version, number)"
        f" SELECT %s, CAST({key} AS text), {version}, %s FROM {mine} WHERE {absent}"
        f" ON CONFLICT (replica, {_name('key')}) DO UPDATE SET version = excluded.version"
        f" WHERE {tombs}.version < excluded.version",
        [feed.label, number],
    )
    removed = sql.run(f"DELETE FROM {mine} WHERE {absent}")
    changed = sql.run(
        f"UPDATE {mine} SET {', '.join(f'{each} = t.{each}' for each in others)}"
        f" FROM {theirs} t WHERE t.{key} = {mine}.{key}"
        f" AND ({' OR '.join(f'{mine}.{each} {differs} t.{each}' for each in others)})"
    )
    added = sql.run(
        f"INSERT INTO {mine} ({', '.join(columns)})"
        f" SELECT {', '.join(f't.{each}' for each in columns)} FROM {theirs} t"
        f" WHERE NOT EXISTS (SELECT 1 FROM {mine} m WHERE m.{key} = t.{key})"
    )
    sql.run(
        f"DELETE FROM {tombs} WHERE replica = %s AND EXISTS"
        f" (SELECT 1 FROM {theirs} t WHERE CAST(t.{key} AS text) = {tombs}.{_name('key')})",
        [feed.label],
    )
    return {"added": added, "changed": changed, "removed": removed}


def _columns(feed: Feed) -> list[str]:
    return [*(_name(str(column.field.column)) for column in feed.columns), _name(VERSION)]


def _key(feed: Feed) -> str:
    return _name(str(feed.key.field.column))


def _table(model: type[models.Model]) -> str:
    return _name(model._meta.db_table)


def _name(name: str) -> str:
    quoted: str = connection.ops.quote_name(name)
    return quoted
