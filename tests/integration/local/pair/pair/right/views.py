"""Requests of the right service."""

import os

from django.http import HttpRequest, HttpResponse, JsonResponse

from pair.right.models import Heard
from pair.shared import SHARED

GREETING = "right one"


def greet(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"greeting": GREETING, "shared": SHARED, "pid": os.getpid()})


def heard(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"heard": [*Heard.objects.values_list("text", flat=True)]})
