"""A customer's orders: the list, one of them as it changes, and cancelling it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

import ramet
from shop.money import Money
from shop.orders.contract import Orders, OrderView, UnknownCursor, UnknownOrder
from shop.products.contract import Product, Products

from .. import words
from ..page import NotFound, page, show


@require_safe
@page(signed_in=True)
def orders(request: HttpRequest) -> HttpResponse:
    """The visitor's orders, the newest first."""
    try:
        found = ramet.client(Orders).mine(cursor=request.GET.get("cursor", ""))
    except UnknownCursor as error:
        raise NotFound from error
    return show(request, "orders", {"orders": found.orders, "next_cursor": found.next_cursor})


@require_safe
@page(signed_in=True)
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """One order."""
    return show(request, "order", _context(_get(order_id)))


@require_safe
@page(signed_in=True)
def status(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """The part of an order's page that changes; a script asks for it while it is pending."""
    return show(request, "order_status", _context(_get(order_id)))


@require_POST
@page(signed_in=True)
def cancel(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Cancel an order: its stock goes back and its money too."""
    try:
        ramet.client(Orders).cancel(order_id)
    except UnknownOrder as error:
        raise NotFound from error
    return redirect("storefront:order", order_id)


def _get(order_id: UUID) -> OrderView:
    try:
        return ramet.client(Orders).get(order_id)
    except UnknownOrder as error:
        raise NotFound from error


def _context(order: OrderView) -> dict[str, Any]:
    happened = [happening.what for happening in order.timeline]
    # A confirmed order moves on once more when its customer cancels it.
    being_cancelled = "cancel_requested" in happened and order.status != "cancelled"
    settled = order.status != "pending" and not being_cancelled
    products = _products(order)
    return {
        "order": order,
        "settled": settled,
        "cancellable": order.status != "cancelled" and not being_cancelled,
        "verdict": words.verdict(order.status, order.reason, being_cancelled=being_cancelled),
        "lines": [(line, products.get(line.sku)) for line in order.lines],
        "about": _about(order),
        "timeline": [
            (words.HAPPENING_WORDS[happening.what], happening)
            for happening in order.timeline
            if happening.what in words.HAPPENING_WORDS
        ],
        "waiting_for": "" if settled else words.waiting_for(happened),
    }


def _about(order: OrderView) -> Money | None:
    """What an order will about cost while nobody knows its total, if all prices are known."""
    prices = [line.price and line.price * line.quantity for line in order.lines]
    if order.total is not None or order.status != "pending" or None in prices:
        return None
    return sum((price for price in prices if price is not None), Money.of(0))


def _products(order: OrderView) -> dict[str, Product]:
    """The products of an order by article number, for their pictures and links.

    Nothing where products does not answer: an order has the names by itself.
    """
    try:
        found = ramet.client(Products).find([line.sku for line in order.lines])
    except (ramet.Unavailable, ramet.DeadlineExceeded):
        return {}
    return {product.sku: product for product in found}
