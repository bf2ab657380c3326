"""`manage.py ramet_check`: Django's checks as JSON, for `ramet check`."""

import json
from typing import Any

from django.core.checks import CheckMessage, run_checks
from django.core.management.base import BaseCommand

__all__ = ["Command"]


class Command(BaseCommand):
    """Runs every system check of the project that needs no database."""

    help = "Run Django's system checks and print the findings as a JSON list."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a list of id, level, object, message and hint; silenced ones are left out."""
        findings = [_finding(message) for message in run_checks() if not message.is_silenced()]
        self.stdout.write(json.dumps(findings, ensure_ascii=False))


def _finding(message: CheckMessage) -> dict[str, Any]:
    where = message.obj
    label = getattr(getattr(where, "_meta", None), "label", None)
    return {
        "id": message.id,
        "level": message.level,
        "where": label or ("" if where is None else str(where)),
        "message": message.msg,
        "hint": message.hint or "",
    }
