"""The basket: looking at it and changing it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

import ramet
from shop.money import Money
from shop.products.contract import Product, Products, is_sku

from ..basket import MOST_LINES, Basket, BasketFull
from ..page import notify, page, show
from ..sign_in.attempts import own_path


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A line of the basket with its product as it is now; None if it is no longer sold."""

    sku: str
    quantity: int
    product: Product | None

    @property
    def price(self) -> Money | None:
        return self.product.price * self.quantity if self.product else None

    @property
    def is_short(self) -> bool:
        """Whether fewer pieces are left than this line wants."""
        return self.product is None or self.product.stock < self.quantity


@dataclass(frozen=True, slots=True)
class Contents:
    """The basket as it is shown; prices and stock are of this moment."""

    lines: list[BasketLine]

    @property
    def total(self) -> Money | None:
        prices = [line.price for line in self.lines if line.price is not None]
        return sum(prices[1:], start=prices[0]) if prices else None

    @property
    def is_short(self) -> bool:
        return any(line.is_short for line in self.lines)


def contents(basket: Basket) -> Contents:
    """The basket's lines with what products says about them, in one call."""
    quantities = dict(basket)
    if not quantities:
        return Contents([])
    found = {product.sku: product for product in ramet.client(Products).find(list(quantities))}
    return Contents(
        [BasketLine(sku, quantity, found.get(sku)) for sku, quantity in quantities.items()]
    )


@require_safe
@page()
def basket(request: HttpRequest) -> HttpResponse:
    """What is in the basket."""
    return show(request, "basket", {"contents": contents(Basket(request))})


@require_POST
@page()
def add(request: HttpRequest) -> HttpResponse:
    """Put something in."""
    sku = request.POST.get("sku", "")
    quantity = _quantity(request)
    following = own_path(request.POST.get("next", "/basket/"))
    if not is_sku(sku) or quantity < 1:
        notify(request, "Please choose how many you would like.", trouble=True)
        return HttpResponseRedirect(following)
    try:
        Basket(request).add(sku, quantity)
    except BasketFull:
        notify(request, f"A basket holds up to {MOST_LINES} different articles.", trouble=True)
    else:
        notify(request, "Added to your basket.")
    return HttpResponseRedirect(following)


@require_POST
@page()
def change(request: HttpRequest) -> HttpResponse:
    """Set how many pieces of something there are; none takes it out."""
    sku, quantity = request.POST.get("sku", ""), _quantity(request)
    if quantity < 1 or is_sku(sku):
        # Anything can be taken out, whatever it is called.
        Basket(request).set(sku, quantity)
    return redirect("storefront:basket")


def _quantity(request: HttpRequest) -> int:
    """The form's quantity; 0 where it is none, since browsers check it before they send it."""
    try:
        return int(request.POST.get("quantity", ""))
    except ValueError:
        return 0
