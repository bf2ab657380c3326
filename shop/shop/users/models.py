"""People, and the letters that the shop owes them."""

from uuid import uuid4

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower, Now

import ramet


class People(UserManager["User"]):
    """Addresses are stored in lower case, as django-allauth looks for them."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """The form that is stored: one for all spellings of an address that differ in case."""
        return super().normalize_email(email).lower()


class User(AbstractUser):
    """Somebody with an account. Other services know the id, and at most the name to show.

    Names and addresses are unique without regard to case, so that nobody can pose as another.
    """

    objects = People()

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField()
    version = models.PositiveBigIntegerField(default=1, db_default=1)
    """Counts the changes of the name, which other services copy."""

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("username"), name="users_username_taken"),
            models.UniqueConstraint(Lower("email"), name="users_email_taken"),
        ]


class Letter(models.Model):
    """A mail that is owed to somebody: written with what caused it, sent by a Celery task.

    A row and not just a task, because a task can be lost between the commit and the broker. That a
    kind of letter is owed once for a subject (an order, a user) makes repeated events harmless.
    """

    class Kind(models.TextChoices):
        """Which template."""

        WELCOME = "welcome"
        CONFIRMATION = "confirmation"

    user = models.ForeignKey(User, models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject_id = ramet.RemoteKey("orders.Order", db_index=False)
    context = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(sent_at__isnull=True),
                name="users_letters_to_send",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="users_letter_owed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"
