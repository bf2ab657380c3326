"""One page, with a span of its own beside those that come by themselves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from opentelemetry import trace

from library.models import Book
from ramet.telemetry import annotate

tracer = trace.get_tracer("library")


def book(request: HttpRequest, pk: int) -> HttpResponse:
    """A book's title, framed."""
    found = get_object_or_404(Book, pk=pk)
    annotate(book=found.pk)
    with tracer.start_as_current_span("frame"):
        return HttpResponse(f"*** {found.title} ***")
