"""Asks for a book, as a browser would."""

from typing import Any

from django.core.management.base import BaseCommand
from django.test import Client

from library.models import Book


class Command(BaseCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        book = Book.objects.create(title="The Dispossessed")
        answer = Client().get(f"/books/{book.pk}/?ref=1")
        assert answer.status_code == 200
