"""A task, so that this service has a Celery worker."""

from pair.celery import app
from pair.left.models import Note


@app.task
def note(text: str) -> None:
    Note.objects.create(text=text)
