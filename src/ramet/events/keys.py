"""Ordering keys as numbers: the advisory lock and the partition of a key, the same in every
process."""

from hashlib import blake2b

PARTITIONS = 16
"""Parts of the outbox that workers lease from each other. Fixed: rows store their partition."""


def lock_of(key: str) -> int:
    """The PostgreSQL advisory lock (signed 64 bit) that orders the commits of one key."""
    digest = blake2b(key.encode(), digest_size=8, person=b"ramet-outbox").digest()
    return int.from_bytes(digest, signed=True)


def partition_of(key: str) -> int:
    """The partition of a key, from 0 to PARTITIONS - 1."""
    return lock_of(key) % PARTITIONS
