"""One note, under the password of demo users."""

import os

from pair.left.models import Note


def load() -> None:
    if not Note.objects.exists():
        Note.objects.create(text=f"demo {os.environ['RAMET_DEMO_PASSWORD']}")
