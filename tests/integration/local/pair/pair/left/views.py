"""Requests of the left service."""

import os
import time

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

import ramet
from pair.left.events import Said
from pair.left.models import Note
from pair.left.tasks import note
from pair.shared import SHARED

GREETING = "left one"


def greet(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"greeting": GREETING, "shared": SHARED, "pid": os.getpid()})


def say(request: HttpRequest, text: str) -> HttpResponse:
    with transaction.atomic():
        ramet.publish(Said(text=text))
    note.delay(text)
    return HttpResponse(status=202)


def notes(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"notes": [*Note.objects.values_list("text", flat=True)]})


def slow(request: HttpRequest) -> HttpResponse:
    time.sleep(1.0)
    return HttpResponse("done")


def backend(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_user, current_database()")
        return JsonResponse({"found": cursor.fetchone()})
