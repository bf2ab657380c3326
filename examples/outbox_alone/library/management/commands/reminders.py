"""`manage.py reminders`: what is to be sent."""

from django.core.management.base import BaseCommand

from library.models import Reminder


class Command(BaseCommand):
    """List the reminders."""

    def handle(self, **_: object) -> None:
        for reminder in Reminder.objects.order_by("pk"):
            self.stdout.write(str(reminder))
