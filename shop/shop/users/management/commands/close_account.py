"""`manage.py close_account USERNAME`: somebody asked to be forgotten."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shop.users import services


class Command(BaseCommand):
    help = "Delete an account. Its letters and tokens go with it, and its name everywhere else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        if not services.close_account(username):
            raise CommandError(f"There is no account {username}.")
        self.stdout.write(f"{username} is gone")
