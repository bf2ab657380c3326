from django.http import HttpRequest, HttpResponse

from sales.services import place


def place_order(request: HttpRequest, product: int) -> HttpResponse:
    return HttpResponse(place(product).pk)
