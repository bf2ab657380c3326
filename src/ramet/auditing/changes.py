"""The entry that Ramet writes by itself: who changed something, and what he asked for.

Every statement passes here on its way to the database. While an operation or an unsafe request is
at work, an entry is written before the first one that changes a table, in the same transaction: so
no change commits without it, and it goes when the change is rolled back. Once it has committed,
further transactions of the same work need none. What only reads writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ramet.auditing.models import Entry
from ramet.auditing.recording import write
from ramet.auditing.work import at_work, work

__all__ = ["CHANGED", "watch"]

CHANGED = "changed"
"""The action of such an entry; its `via` tells what was done."""

# Not what is no change of the service's own data: Ramet's and Django's book-keeping. Publishing an
# event is one, and so is starting a saga.
_CHANGE = re.compile(
    r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?"
    r"(?!ramet_(?!events_outbox|events_scheduled|sagas_sagarun)|django_)(\w+)",
    re.IGNORECASE,
)

_is_writing: ContextVar[bool] = ContextVar("ramet_audit_is_writing", default=False)


class _Noted:
    """Stands among the callbacks of a transaction whose entry has been written.

    Django drops it with the savepoint that was rolled back, and the entry with it: the next change
    then gets another one.
    """

    __slots__ = ("identity",)

    def __init__(self, identity: Any) -> None:
        self.identity = identity

    def __call__(self) -> None:
        """The entry has committed."""
        self.identity.ramet_is_audited = True


def watch(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """A wrapper of `connection.execute_wrappers`."""
    identity = at_work()
    if identity is None or getattr(identity, "ramet_is_audited", False) or _is_writing.get():
        return execute(sql, params, many, context)
    found = _CHANGE.match(sql) if isinstance(sql, str) else None  # psycopg composes some itself
    connection: BaseDatabaseWrapper = context["connection"]
    if (
        found is None
        or connection.alias != router.db_for_write(Entry)
        or _is_noted(connection, identity)
        or _is_cache(found[1])
    ):
        return execute(sql, params, many, context)
    if connection.in_atomic_block:
        _note(connection, identity, found[1])
        return execute(sql, params, many, context)
    with transaction.atomic(using=connection.alias):
        _note(connection, identity, found[1])
        if not _commits_only_when_read(connection, sql):
            return execute(sql, params, many, context)
    # The entry is there first, and stays if the statement fails.
    return execute(sql, params, many, context)


def _commits_only_when_read(connection: BaseDatabaseWrapper, sql: str) -> bool:
    """SQLite refuses to commit while rows of a RETURNING wait for whoever asked for them."""
    return connection.vendor == "sqlite" and " RETURNING " in sql


def _is_cache(table: str) -> bool:
    """Where attempts of whoever comes are counted, for one: what is forgotten needs no log, and
    nobody who is unknown may have it grow."""
    return any(
        each["BACKEND"].endswith("DatabaseCache") and each.get("LOCATION") == table
        for each in settings.CACHES.values()
    )


def _is_noted(connection: BaseDatabaseWrapper, identity: object) -> bool:
    return any(
        isinstance(function, _Noted) and function.identity is identity
        for _, function, *_ in connection.run_on_commit
    )


def _note(connection: BaseDatabaseWrapper, identity: object, table: str) -> None:
    token = _is_writing.set(True)
    try:
        write(work(), CHANGED, "", {"first": table})
    finally:
        _is_writing.reset(token)
    transaction.on_commit(_Noted(identity), using=connection.alias)
