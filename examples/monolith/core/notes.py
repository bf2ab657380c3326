"""Leaving notes, and finding them."""

from django.contrib.contenttypes.models import ContentType

from core.models import Note


def leave(subject, text, by=None):
    """Leave a note on anything."""
    return Note.objects.create(subject=subject, text=text, created_by=by)


def recent(model, limit=10):
    """The newest notes on rows of one model."""
    kind = ContentType.objects.get_for_model(model)
    return Note.objects.filter(content_type=kind).select_related("created_by")[:limit]
