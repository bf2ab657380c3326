"""The OpenAPI document: of one service, made by itself, and of the whole API, from a file.

In a process of its own a service cannot know the others' serializers, so the whole document is
written in the monolith (`manage.py shop_schema`) and committed; a test keeps it up to date.
"""

from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView

WHOLE = Path(__file__).with_name("openapi.json")


def schema_view(urlconf: str) -> Callable[..., HttpResponse]:
    """A view that makes the document of the URLs in one module. Anyone may read it."""
    view: Callable[..., HttpResponse] = SpectacularJSONAPIView.as_view(urlconf=urlconf)
    return view


@require_safe
def whole_schema(request: HttpRequest) -> HttpResponse:
    """The document of the whole public API, whichever services live here."""
    return HttpResponse(WHOLE.read_bytes(), content_type="application/vnd.oai.openapi+json")
