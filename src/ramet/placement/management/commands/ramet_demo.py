"""`manage.py ramet_demo`: fill the services of this process with their demo data."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand

from ramet.placement import here

__all__ = ["Command"]


class Command(BaseCommand):
    """Calls `load()` of every own app's `demo` module, in the order of `ramet.toml`.

    `load` must be repeatable: what is there already stays as it is.
    """

    help = "Load the demo data of the services that live in this process; repeating it is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load all of it and say which apps had some."""
        for app in here().own_apps():
            if find_spec(f"{app}.demo") is not None:
                import_module(f"{app}.demo").load()
                self.stdout.write(f"{app}: demo data loaded")
