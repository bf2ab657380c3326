"""Celery tasks. Each looks into the database for what to do, so a lost task loses nothing."""

from celery.signals import worker_ready

from shop.celery import app
from shop.users import letters


@app.task(
    autoretry_for=(OSError,), retry_backoff=2, retry_backoff_max=300, max_retries=8, acks_late=True
)
def send_letters() -> int:
    """Send every letter that is owed; how many there were. A server that is away is retried."""
    return letters.send_due()


@worker_ready.connect(weak=False)
def _send_what_was_left(**_: object) -> None:
    # Letters whose task was lost when something was killed.
    send_letters.delay()
