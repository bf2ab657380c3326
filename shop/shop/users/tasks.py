"""Celery tasks. Each asks the database what to do: the next one makes up for one that was lost."""

import logging

from celery.signals import worker_ready
from django.core.mail import EmailMessage

from shop.celery import app
from shop.users import letters

logger = logging.getLogger("shop.users")


@app.task(
    autoretry_for=(OSError,), retry_backoff=2, retry_backoff_max=300, max_retries=8, acks_late=True
)
def send_letters() -> int:
    """Send every letter that is due; how many went out. A server that is away is retried."""
    sent = letters.send_due()
    if (seconds := letters.seconds_to_next()) is not None:
        send_letters.apply_async(countdown=seconds)
    return sent


@app.task(autoretry_for=(OSError,), retry_backoff=2, max_retries=5, ignore_result=True)
def send_mail(subject: str, body: str, to: str) -> None:
    """Send one mail. An address that the mail server refuses is left at that."""
    try:
        EmailMessage(subject, body, to=[to]).send()
    except letters.REFUSED as error:
        logger.warning("a mail was refused: %s", type(error).__name__)


@worker_ready.connect(weak=False)
def _send_what_was_left(**_: object) -> None:
    # Letters whose task was lost when something was killed.
    send_letters.delay()
