"""Every request has a basket."""

from storefront.basket import Basket


class BasketMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.basket = Basket(request.session)
        return self.get_response(request)
