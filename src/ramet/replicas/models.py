"""The two tables of replicas: how far each one is built, and what its source has deleted."""

from django.db import models
from django.db.models.functions import Now

from ramet.replicas.model import LONGEST_KEY

__all__ = ["Build", "Tombstone"]


class Build(models.Model):
    """How one replica came to be what it is, and how far its rebuild has come. Database time."""

    replica = models.CharField(max_length=200, primary_key=True)
    number = models.BigIntegerField(default=0)
    """Of the last rebuild that was started, from 1."""
    is_running = models.BooleanField(default=False)
    """Whether that rebuild goes on: then events are fed into its table too."""
    cursor = models.TextField(blank=True, default="")
    """The source's word for the next page; empty at the first."""
    is_exported = models.BooleanField(default=False)
    """Whether the last page is in, so that only the swap is left."""
    pages = models.PositiveIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    epoch = models.BigIntegerField(default=0)
    """Grows each time a worker takes the rebuild up: a former one is known by its old number."""
    failures = models.PositiveIntegerField(default=0)
    """Of the present page, in a row."""
    error = models.TextField(blank=True, default="")
    started_at = models.DateTimeField(null=True)
    built_at = models.DateTimeField(null=True)
    """Null: never; the replica is not complete."""
    built_with = models.CharField(max_length=64, blank=True, default="")
    """Fingerprint of the declaration that it was built with."""

    class Meta:
        app_label = "ramet_replicas"

    def __str__(self) -> str:
        return f"{self.replica} #{self.number}"


class Tombstone(models.Model):
    """A key that the source has deleted, so that what it said before does not bring it back.

    Nothing of the row but its key is kept.
    """

    replica = models.CharField(max_length=200)
    key = models.CharField(max_length=LONGEST_KEY)
    version = models.BigIntegerField()
    number = models.BigIntegerField(default=0)
    """Of the rebuild that was running; 0 for none. Only its export may be older than the delete.

    Negative: an older delete, for which an event was dropped while that rebuild was running. If its
    export has the row nevertheless, it is the export that may be older than the event.
    """
    at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "ramet_replicas"
        constraints = [
            models.UniqueConstraint(fields=["replica", "key"], name="ramet_replicas_buried_once"),
        ]
        indexes = [models.Index(fields=["at"], name="ramet_replicas_old")]

    def __str__(self) -> str:
        return f"{self.replica} {self.key}"
