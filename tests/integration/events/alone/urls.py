"""POST / writes a letter, GET / lists what became of them."""

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

import ramet
from tests.integration.events.alone.letters.events import Written
from tests.integration.events.alone.letters.models import Answer


@csrf_exempt
def letters(request: HttpRequest) -> JsonResponse:
    if request.method == "POST":
        with transaction.atomic():
            ramet.publish(Written(letter=request.body.decode()))
    return JsonResponse({"answers": [each.text for each in Answer.objects.order_by("pk")]})


urlpatterns = [path("", letters)]
