"""The results of calls and HTTP requests that came with an idempotency key, in the service's own
database."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

__all__ = ["StoredResult"]


class StoredResult(models.Model):
    """What one operation answered to one key of one user; written in the operation's transaction.

    For the views that `ramet.idempotency` marks, the operation is method and path.

    `answer` is None only inside the transaction that runs the operation: no other can see the row
    before it is complete.
    """

    operation = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    subject = models.CharField(max_length=255, blank=True)
    """The user that called; empty: none. A key says nothing about another user's call."""
    fingerprint = models.CharField(max_length=64)
    """SHA-256 of the arguments: the same key with others is a mistake of the caller."""
    refused = models.BooleanField(default=False)
    answer = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["operation", "key", "subject"], name="ramet_calls_one_result_for_each_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.key}"
