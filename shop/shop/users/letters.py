"""Mails: owed in the transaction that causes them, sent by Celery soon after."""

import logging
import smtplib
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string

from shop.users.models import Letter, User

logger = logging.getLogger("shop.users")

ATTEMPTS = 6
"""After so many refusals a letter is given up; the row stays, with the reason."""

# The server's "no" to this one letter. Everything else it may say concerns all of them.
REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError)


def owe(kind: Letter.Kind, user: User, subject_id: UUID, context: Mapping[str, str]) -> None:
    """Have a letter sent once the caller's transaction commits; once, however often it is owed."""
    from shop.users.tasks import send_letters  # Celery, only where letters are written

    Letter.objects.get_or_create(
        kind=kind, subject_id=subject_id, defaults={"user": user, "context": dict(context)}
    )
    # robust: the row is what counts. If the broker is away, the next letter's task takes it along.
    transaction.on_commit(send_letters.delay, robust=True)


def post(subject: str, body: str, to: str) -> None:
    """Send a mail that nobody owes, such as a link that was asked for: if it is lost, it is asked
    for again. Its text passes the broker, and is not kept."""
    from shop.users.tasks import send_mail

    transaction.on_commit(lambda: send_mail.delay(subject, body, to), robust=True)


def send_due() -> int:
    """Send every letter that is due and that nobody else is sending; how many went out.

    One that the mail server refuses waits, longer each time, and holds no other up. A server that
    is away is an OSError. A crash between sending and noting it sends a letter twice, with the same
    Message-ID.
    """
    sent = 0
    while (went := _send_next()) is not None:
        sent += went
    return sent


def seconds_to_next() -> float | None:
    """Seconds until a refused letter is due again; None: none waits."""
    waiting = _owed().order_by("due_at").values_list("due_at", Now()).first()
    return None if waiting is None else max(1.0, (waiting[0] - waiting[1]).total_seconds())


@transaction.atomic
def _send_next() -> bool | None:
    letter = _next_due()
    if letter is None:
        return None
    this = Letter.objects.filter(pk=letter.pk)
    try:
        _message(letter).send()
    except REFUSED as error:
        pause = timedelta(minutes=2**letter.attempts)
        this.update(attempts=letter.attempts + 1, due_at=Now() + pause, error=str(error)[:500])
        logger.warning("letter %s was refused: %s", letter.pk, type(error).__name__)
        return False
    this.update(sent_at=Now(), error="")
    return True


def _owed() -> QuerySet[Letter]:
    return Letter.objects.filter(sent_at__isnull=True, attempts__lt=ATTEMPTS)


def _next_due() -> Letter | None:
    # A first attempt is due whatever the clock says: it may have been set back since.
    due = _owed().filter(Q(due_at__lte=Now()) | Q(attempts=0))
    due = due.select_related("user").order_by("due_at", "created_at")
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
