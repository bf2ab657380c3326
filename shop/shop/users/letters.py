"""Mails: owed in the transaction that causes them, sent by Celery soon after."""

from collections.abc import Mapping
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from shop.users.models import Letter, User


def owe(kind: Letter.Kind, user: User, subject_id: UUID, context: Mapping[str, str]) -> None:
    """Have a letter sent once the caller's transaction commits; once, however often it is owed."""
    from shop.users.tasks import send_letters  # Celery, only where letters are written

    Letter.objects.get_or_create(
        kind=kind, subject_id=subject_id, defaults={"user": user, "context": dict(context)}
    )
    # robust: the row is what counts. If the broker is away, the next letter's task takes it along.
    transaction.on_commit(send_letters.delay, robust=True)


def send_due() -> int:
    """Send every letter that is owed and that nobody else is sending; how many there were.

    A crash between sending and noting it sends a letter twice, with the same Message-ID.
    """
    sent = 0
    while _send_next():
        sent += 1
    return sent


@transaction.atomic
def _send_next() -> bool:
    letter = _next_due()
    if letter is None:
        return False
    _message(letter).send()
    Letter.objects.filter(pk=letter.pk).update(sent_at=Now())
    return True


def _next_due() -> Letter | None:
    due = Letter.objects.filter(sent_at__isnull=True).select_related("user").order_by("created_at")
    if connection.features.has_select_for_update:
        due = due.select_for_update(skip_locked=True, of=("self",))
    return due.first()


def _message(letter: Letter) -> EmailMessage:
    context = {**letter.context, "user": letter.user}
    subject, _, body = render_to_string(f"users/letters/{letter.kind}.txt", context).partition("\n")
    return EmailMessage(
        subject=subject.strip(),
        body=body.lstrip("\n"),
        to=[letter.user.email],
        headers={"Message-ID": f"<{letter.kind}.{letter.subject_id}@shop.example>"},
    )
