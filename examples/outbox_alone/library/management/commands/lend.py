"""`manage.py lend TITLE READER`: a loan and its event, in one transaction."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.db import transaction

import ramet
from library.events import BookLent
from library.models import Loan


class Command(BaseCommand):
    """Lend a book."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("title")
        parser.add_argument("reader")

    def handle(self, title: str, reader: str, **_: object) -> None:
        with transaction.atomic():
            loan = Loan.objects.create(title=title, reader=reader)
            ramet.publish(BookLent(loan_id=loan.pk, title=title, reader=reader))
        self.stdout.write(f"lent: {loan}")
