"""Letters: owed in the transaction of what caused them, sent afterwards by a task."""

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from users.models import Letter

SUBJECTS = {
    Letter.Kind.WELCOME: "Welcome to Grove",
    Letter.Kind.CONFIRMATION: "Your order",
    Letter.Kind.CANCELLATION: "Your order is cancelled",
}


def owe(kind, user, order=None):
    """Note that somebody is to get a letter; it goes out once the transaction is over."""
    from users.tasks import send_letter  # tasks imports letters

    letter, is_new = Letter.objects.get_or_create(kind=kind, user=user, order=order)
    if is_new:
        transaction.on_commit(lambda: send_letter.delay(str(letter.pk)))
    return letter


def send(letter):
    """Send it, once."""
    if letter.sent_at is not None:
        return
    context = {
        "user": letter.user,
        "order": letter.order,
        "lines": letter.order.lines.select_related("product") if letter.order else [],
    }
    body = render_to_string(f"users/letters/{letter.kind}.txt", context)
    send_mail(SUBJECTS[letter.kind], body, None, [letter.user.email])
    letter.sent_at = timezone.now()
    letter.error = ""
    letter.save(update_fields=["sent_at", "error", "changed_at"])
