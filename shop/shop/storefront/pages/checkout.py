"""Buying: the basket becomes an order."""

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

import ramet
from ramet.calls import InvalidArgument
from shop.orders.contract import KeyReused, OrderLine, Orders, UnknownProducts

from ..basket import Basket
from ..page import notify, page, show
from ..payment_methods import PAYMENT_METHODS, TOKENS
from .basket import contents

_PLACED_KEY = "storefront.placed"
_PLACED_REMEMBERED = 10


@require_http_methods(["GET", "HEAD", "POST"])
@page(signed_in=True)
def checkout(request: HttpRequest) -> HttpResponse:
    """Choose how to pay, and order.

    The form carries an idempotency key: sent twice, by impatience or after an answer that got
    lost, it is still one order.
    """
    return _place(request) if request.method == "POST" else _ask(request, key=str(uuid.uuid4()))


def _ask(
    request: HttpRequest, *, key: str, chosen: str = "tok_ok", problem: str = "", status: int = 200
) -> HttpResponse:
    basket = Basket(request)
    if not len(basket):
        return redirect("storefront:basket")
    shown = contents(basket)
    if shown.is_short:
        notify(request, "Please look at your basket: not everything is in stock.", trouble=True)
        return redirect("storefront:basket")
    context = {
        "contents": shown,
        "key": key,
        "chosen": chosen,
        "problem": problem,
        "payment_methods": PAYMENT_METHODS,
    }
    return show(request, "checkout", context, status=status)


def _place(request: HttpRequest) -> HttpResponse:
    key, token = request.POST.get("key", ""), request.POST.get("payment_token", "")
    if not _is_key(key) or token not in TOKENS:
        return _ask(request, key=str(uuid.uuid4()), problem="Please choose a card.", status=400)
    # 1. The same form again, after its order was placed and the basket emptied: that order.
    placed: list[list[str]] = request.session.get(_PLACED_KEY, [])
    for known, order_id in placed:
        if known == key:
            return redirect("storefront:order", order_id)
    lines = [OrderLine(sku=sku, quantity=quantity) for sku, quantity in Basket(request)]
    if not lines:
        return redirect("storefront:basket")
    # 2. The same form twice at once: both reach orders with one key and get one answer.
    try:
        order = ramet.client(Orders).place(lines=lines, payment_token=token, key=key)
    except (ramet.Unavailable, ramet.DeadlineExceeded):
        # 3. Perhaps it was placed and only the answer is lost. The form keeps its key, so that
        #    sending it again finds that order and does not make a second one.
        return _ask(
            request,
            key=key,
            chosen=token,
            problem="We cannot take orders at the moment. Nothing is lost: please try again.",
            status=503,
        )
    except (UnknownProducts, InvalidArgument):
        # The key and the card were looked at above, so it is something in the basket.
        notify(
            request, "Please look at your basket: not everything is sold any more.", trouble=True
        )
        return redirect("storefront:basket")
    except KeyReused:
        # 4. The key was used, and the basket or the card were changed since then.
        notify(
            request,
            "This order was sent before, with other contents. Please look at your orders first.",
            trouble=True,
        )
        return redirect("storefront:orders")
    request.session[_PLACED_KEY] = [*placed, [key, str(order.id)]][-_PLACED_REMEMBERED:]
    Basket(request).clear()
    return HttpResponseRedirect(reverse("storefront:order", args=[order.id]))


def _is_key(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
