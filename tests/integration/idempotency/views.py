"""The marked view, and who calls it: whoever the header says, as this is about keys."""

import os
import signal
import threading
from typing import Any

from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

import ramet
from tests.integration.idempotency.models import Effect

came, goes_on = threading.Event(), threading.Event()


class Named:
    is_authenticated = True

    def __init__(self, pk: str) -> None:
        self.pk = pk


class ByName(BaseAuthentication):
    def authenticate(self, request: Request) -> Any:
        return Named(request.headers["X-User"]), None


class Orders(APIView):
    authentication_classes = (ByName,)
    permission_classes = ()

    @ramet.idempotent
    def post(self, request: Request) -> Response:
        effect = Effect.objects.create(label=request.data["label"])
        deed = request.headers.get("X-Deed")
        if deed == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if deed == "stay":
            came.set()
            assert goes_on.wait(20)
        return Response({"id": effect.pk}, status=201, headers={"Location": f"/{effect.pk}/"})


urlpatterns = [path("orders/", Orders.as_view())]
