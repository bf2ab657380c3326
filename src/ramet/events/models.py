"""The tables of events in a service's own database. All times are the database's."""

from django.db import models
from django.db.models.functions import Now


class Outbox(models.Model):
    """An event whose transaction has committed and that the broker has not acknowledged yet."""

    seq = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    type = models.CharField(max_length=255)
    version = models.PositiveIntegerField()
    key = models.TextField()
    partition = models.PositiveSmallIntegerField()
    time = models.DateTimeField(db_default=Now())
    payload = models.TextField()
    headers = models.TextField()

    class Meta:
        app_label = "ramet_events"
        verbose_name = "event to be sent"
        verbose_name_plural = "outbox"

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Scheduled(models.Model):
    """An event that is to be published at a time; then it becomes a row of the outbox.

    Not in the outbox itself: there the relay would read over every one of them in each round, and
    its number would put it before what was published while it waited.
    """

    seq = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    type = models.CharField(max_length=255)
    version = models.PositiveIntegerField()
    key = models.TextField()
    partition = models.PositiveSmallIntegerField()
    payload = models.TextField()
    headers = models.TextField()
    due = models.DateTimeField()

    class Meta:
        app_label = "ramet_events"
        verbose_name = "event for later"
        verbose_name_plural = "scheduled events"
        indexes = [models.Index(fields=["due", "seq"], name="ramet_scheduled_due")]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id} at {self.due}"


class Inbox(models.Model):
    """One event for one handler, from its arrival until long after its end, so that it is never
    worked off twice."""

    class State(models.TextChoices):
        READY = "ready"
        DONE = "done"
        DEAD = "dead"
        DISCARDED = "discarded"
        """A dead letter that a person decided never to replay; kept as it is."""

    seq = models.BigAutoField(primary_key=True)
    handler = models.CharField(max_length=255)
    event_id = models.UUIDField()
    type = models.CharField(max_length=255)
    key = models.TextField()
    time = models.DateTimeField()
    payload = models.TextField()
    headers = models.TextField()
    state = models.CharField(max_length=16, choices=State, db_default=State.READY)
    attempts = models.PositiveIntegerField(db_default=0)
    run_at = models.DateTimeField(db_default=Now())
    error = models.TextField(db_default="")
    received_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "ramet_events"
        verbose_name = "received event"
        verbose_name_plural = "inbox"
        constraints = [
            models.UniqueConstraint(fields=["handler", "event_id"], name="ramet_inbox_once"),
        ]
        indexes = [
            models.Index(
                fields=["handler", "key", "seq"],
                condition=models.Q(state="ready"),
                name="ramet_inbox_head",
            ),
            models.Index(
                fields=["finished_at"], condition=models.Q(state="done"), name="ramet_inbox_old"
            ),
            models.Index(
                fields=["handler", "finished_at"],
                condition=models.Q(state="dead"),
                name="ramet_inbox_dead",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id} for {self.handler}"


class Lease(models.Model):
    """What only one worker at a time may do, and until when it may without renewing."""

    name = models.CharField(max_length=255, primary_key=True)
    holder = models.CharField(max_length=255)
    until = models.DateTimeField()
    epoch = models.BigIntegerField(default=1)
    """Grows with every change of the holder: a former one is recognised by its old number."""
    position = models.TextField(db_default="")
    """For a lease to receive: up to where in the broker's stream the inbox has everything, in the
    broker adapter's own words."""

    class Meta:
        app_label = "ramet_events"

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
