"""`manage.py ramet_health`: what `/readyz` answers, asked by a process of its own."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from ramet.system import probes
from ramet.telemetry import endpoints


class Command(BaseCommand):
    help = (
        "Say whether a process with these settings could do its work: databases, migrations,"
        " broker. Exit code 1 when not. It starts Django, so ask a running process at RAMET_PROBES"
        " where that is asked often."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answer."""
        status, _, body = endpoints.answer(probes.READY)
        self.stdout.write(body.decode())
        if status != 200:
            sys.exit(1)
