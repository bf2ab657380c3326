"""`manage.py ramet_manifest`: what the services of this process declare, for `ramet manifest`."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from ramet.placement import here
from ramet.placement.manifest import build

__all__ = ["Command"]


class Command(BaseCommand):
    """Prints the manifest as JSON, and nothing else, to standard output."""

    help = "Print the manifest of the services that live in this process, as JSON."
    requires_system_checks: list[str] = []  # a manifest is asked for in order to see what is wrong

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(json.dumps(build(here()), indent=2, ensure_ascii=False))
