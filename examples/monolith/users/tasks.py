"""Mail, in the background."""

from celery import shared_task

from users import letters
from users.models import Letter


@shared_task(autoretry_for=(OSError,), retry_backoff=2, max_retries=8)
def send_letter(letter_id):
    """Send one letter."""
    letter = Letter.objects.select_related("user", "order__address").get(pk=letter_id)
    letters.send(letter)


@shared_task
def send_owed_letters():
    """Send those whose task was lost."""
    for letter in Letter.objects.filter(sent_at=None).select_related("user", "order__address"):
        send_letter.delay(str(letter.pk))
