"""Who may write to a replica at the same time as whom. SQLite has one writer and needs no locks.

Events of different keys are fed side by side; those of one key one after the other, also when
different handlers have them. A page of a rebuild, and its swap, have the replica for themselves.
All end with the transaction.
"""

from __future__ import annotations

from hashlib import blake2b

from ramet.events import sql

__all__ = ["lock_key", "lock_replica"]


def lock_key(label: str, key: str) -> None:
    """For one event; call it before anything is read, which then is up to date."""
    if sql.is_postgresql():
        sql.rows("SELECT pg_advisory_xact_lock_shared(%s)", [_number(label)])
        sql.rows("SELECT pg_advisory_xact_lock(%s)", [_number(label, key)])


def lock_replica(label: str) -> None:
    """For a step of a rebuild; it waits for the events that are being fed."""
    if sql.is_postgresql():
        sql.rows("SELECT pg_advisory_xact_lock(%s)", [_number(label)])


def _number(*names: str) -> int:
    text = "\0".join(names).encode()
    digest = blake2b(text, digest_size=8, person=b"ramet-replica").digest()
    return int.from_bytes(digest, signed=True)
