"""Forgetting: old entries go, what proves the rest stays."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from ramet.auditing.chain import PRUNED, seal
from ramet.auditing.models import Entry, Seal
from ramet.auditing.recording import write
from ramet.auditing.work import work

__all__ = ["prune"]


def prune(before: datetime) -> int:
    """Delete the entries of every seal whose latest is older than an aware time; returns how many.

    Oldest first, whole seals only, after sealing what is not sealed. The seals stay, with their
    digests: the chain goes on. An entry tells of it, who did it included.
    """
    while seal() is not None:
        pass
    removed = 0
    for each in Seal.objects.filter(pruned_at=None).order_by("id"):
        if each.latest >= before:
            break
        with transaction.atomic():
            # Marked first: until then, the trigger lets nobody delete an entry of it.
            Seal.objects.filter(pk=each.pk).update(pruned_at=Now())
            deleted, _ = Entry.objects.filter(seal=each.pk).delete()
            write(work(), PRUNED, each.pk, {"entries": deleted, "before": str(before)})
        removed += deleted
    return removed
