"""The chain of seals: what was removed from a sealed part of the log, changed in it or added shows.

A chain over single entries would have every transaction wait for the one before. So entries are
written freely, and what has been committed is sealed afterwards, a batch at a time, as the logs of
certificate transparency do (RFC 9162).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from django.db import connection, transaction

from ramet.auditing.models import Entry, Seal

__all__ = ["BATCH", "PRUNED", "Broken", "Verdict", "digest_of", "seal", "verify"]

BATCH = 1000
"""Entries of one seal at most."""

PRUNED = "audit.pruned"
"""The action of the entry that tells of a pruned seal; its subject is the seal's id."""

_ONE_SEALER = 7_236_018_412_001
"""The advisory lock: two sealers would make two chains."""


def digest_of(before: str, entries: Iterable[Entry]) -> str:
    """SHA-256 of the digest before and of each entry in the order of `seq`, as a JSON array a line.

    Everything of an entry but its seal, times in UTC with microseconds: whoever has the rows can
    compute it without Ramet.
    """
    digest = hashlib.sha256(before.encode())
    for entry in entries:
        line = [
            entry.seq,
            entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            entry.service,
            entry.action,
            entry.subject,
            entry.user,
            entry.caller,
            entry.via,
            entry.request_id,
            entry.facts,
        ]
        digest.update(b"\n" + json.dumps(line, separators=(",", ":")).encode())
    return digest.hexdigest()


def seal() -> Seal | None:
    """Seal up to BATCH entries that are not sealed yet; None when there are none, or when another
    process is at it.

    An entry whose transaction commits later, though its number is lower, is in a later seal.
    """
    with transaction.atomic():
        if not _is_alone():
            return None
        entries = list(Entry.objects.filter(seal=None).order_by("seq")[:BATCH])
        if not entries:
            return None
        last = Seal.objects.order_by("-id").first()
        made = Seal.objects.create(
            entries=len(entries),
            latest=max(entry.at for entry in entries),
            digest=digest_of(last.digest if last else "", entries),
        )
        Entry.objects.filter(seq__in=[entry.seq for entry in entries]).update(seal=made.pk)
    return made


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where the log is not what was sealed."""

    seal: int
    """The id of the seal; 0 for entries of none."""
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` has seen."""

    entries: int
    """Sealed ones that are there and are what they were."""
    unsealed: int
    """Younger than the last seal: nothing proves them yet."""
    pruned: int
    head: str
    """The digest of the last seal, empty where there is none."""
    broken: tuple[Broken, ...]


def verify(head: str = "") -> Verdict:
    """Compute every seal anew. With `head`, a digest that was noted elsewhere, also whether the
    chain still has it: whoever can rewrite all of the table can compute a chain of its own."""
    broken: list[Broken] = []
    before, verified, pruned, heads = "", 0, 0, set()
    is_any_kept, last_pruned = False, None
    for each in Seal.objects.order_by("id").iterator():
        entries = list(Entry.objects.filter(seal=each.pk).order_by("seq"))
        if each.pruned_at is not None:
            pruned += each.entries
            last_pruned = each.pk
            if is_any_kept:
                broken.append(Broken(each.pk, "was emptied, though an older one was not"))
            if entries:
                broken.append(Broken(each.pk, f"{len(entries)} entries that were pruned are there"))
        elif digest_of(before, entries) == each.digest:
            verified += len(entries)
        elif len(entries) != each.entries:
            broken.append(
                Broken(each.pk, f"{len(entries)} entries, {each.entries} were sealed at {each.at}")
            )
        else:
            broken.append(Broken(each.pk, f"an entry, or this seal, was changed after {each.at}"))
        is_any_kept = is_any_kept or each.pruned_at is None
        before = each.digest  # of a seal that is missing, the next one's digest tells
        heads.add(each.digest)
    # Whoever may write may mark a seal as pruned, too. Pruning goes from the oldest on and tells of
    # each in an entry, which is in a later seal: that of the last one is always there.
    if last_pruned and not Entry.objects.filter(action=PRUNED, subject=last_pruned).exists():
        broken.append(Broken(last_pruned, f"was emptied, and no entry {PRUNED} tells by whom"))
    if head and head not in heads:
        broken.append(Broken(0, f"no seal has the digest {head}: the chain was written anew"))
    known = Seal.objects.values("id")
    if foreign := Entry.objects.exclude(seal=None).exclude(seal__in=known).count():
        broken.append(Broken(0, f"{foreign} entries of seals that are not there"))
    return Verdict(
        entries=verified,
        unsealed=Entry.objects.filter(seal=None).count(),
        pruned=pruned,
        head=before,
        broken=tuple(broken),
    )


def _is_alone() -> bool:
    """Until the transaction ends. SQLite has one writer, and the transaction begins as such."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ONE_SEALER])
        return bool(cursor.fetchone()[0])
