"""The tables of the audit log. Triggers, made by the migration, refuse changes; see `tables`.

Unmanaged, though the migration makes them: `flush`, and with it every TransactionTestCase, empties
managed tables, which these do not let anybody do.
"""

from django.db import models
from django.db.models.functions import Now


class Seal(models.Model):
    """A link of the chain: the digest of some entries and of the seal before."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    entries = models.PositiveIntegerField()
    """How many entries it covers: those whose `seal` is its id."""
    latest = models.DateTimeField()
    """The time of the latest of them, which is what pruning goes by."""
    digest = models.CharField(max_length=64)
    """SHA-256, in hexadecimal; see `chain.digest_of`."""
    pruned_at = models.DateTimeField(null=True)
    """Since when the entries may be gone; the seal stays, so that the chain holds."""

    class Meta:
        app_label = "ramet_audit"
        db_table = "ramet_audit_seal"
        managed = False

    def __str__(self) -> str:
        return f"seal {self.pk} of {self.entries} entries"


class Entry(models.Model):
    """One thing that was done; written in the transaction that did it."""

    seq = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    service = models.CharField(max_length=40)
    """The one that did it; empty for shared code."""
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=255, db_default="")
    """The id of what it was done to."""
    user = models.CharField(max_length=255, db_default="")
    """`sub` of the token, or `os:` and the operating system's user; empty where nobody asked."""
    caller = models.CharField(max_length=40, db_default="")
    """The service that asked, or `gateway`."""
    via = models.CharField(max_length=255, db_default="")
    """The operation, request, handler or command at work."""
    request_id = models.CharField(max_length=255, db_default="")
    facts = models.TextField(db_default="{}")
    """A JSON object."""
    seal = models.BigIntegerField(null=True)
    """The seal that covers it, set once; not a relation, because Django would cascade."""

    class Meta:
        app_label = "ramet_audit"
        db_table = "ramet_audit_entry"
        managed = False
        indexes = [
            models.Index(
                fields=["seq"], condition=models.Q(seal=None), name="ramet_audit_unsealed"
            ),
            models.Index(fields=["seal"], name="ramet_audit_sealed"),
            models.Index(fields=["at"], name="ramet_audit_time"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject} by {self.user or self.caller or 'nobody'}"
