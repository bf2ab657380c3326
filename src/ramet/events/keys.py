"""Ordering keys as numbers: the advisory lock and the partition of a key, the same in every
process."""

from hashlib import blake2b

LONGEST_KEY = 255
"""Characters of a key. A row of the inbox's index holds at most about 2,700 bytes: one longer key
could not be stored, and everything behind it in the batch neither."""

PARTITIONS = 16
"""Parts of the outbox that workers lease from each other. Fixed: rows store their partition."""


def why_not_storable(key: str) -> str | None:
    """Why no database can keep a key, in words; None when it can."""
    if len(key) > LONGEST_KEY:
        return f"{len(key):,} characters, at most {LONGEST_KEY} are possible"
    if "\0" in key:
        return "a NUL character, which PostgreSQL cannot store"
    return None


def lock_of(key: str) -> int:
    """The PostgreSQL advisory lock (signed 64 bit) that orders the commits of one key."""
    digest = blake2b(key.encode(), digest_size=8, person=b"ramet-outbox").digest()
    return int.from_bytes(digest, signed=True)


def partition_of(key: str) -> int:
    """The partition of a key, from 0 to PARTITIONS - 1."""
    return lock_of(key) % PARTITIONS
