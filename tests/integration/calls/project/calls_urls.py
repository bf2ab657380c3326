"""One Django view, which tells what calls made by it would hand on."""

from django.http import HttpRequest, JsonResponse
from django.urls import path
from structlog.contextvars import get_contextvars

from ramet.calls import context


def _context(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"remaining": context.remaining(), "ids": get_contextvars()})


urlpatterns = [path("context/", _context)]
