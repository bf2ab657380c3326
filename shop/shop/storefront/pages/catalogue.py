"""Browsing: the catalogue with search, categories and pages, and one product."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

import ramet
from shop.products.contract import Products, UnknownCursor, UnknownProduct

from ..basket import MOST_PIECES
from ..page import NotFound, page, show

_LONGEST_SEARCH = 100


@require_safe
@page()
def catalogue(request: HttpRequest) -> HttpResponse:
    """The products, a page at a time."""
    search = request.GET.get("search", "").strip()[:_LONGEST_SEARCH]
    category = request.GET.get("category", "")
    cursor = request.GET.get("cursor", "")
    products = ramet.client(Products)
    try:
        found = products.page(search=search, category=category, cursor=cursor)
    except UnknownCursor as error:
        raise NotFound from error
    return show(
        request,
        "catalogue",
        {
            "products": found.products,
            "categories": products.categories(),
            "search": search,
            "category": category,
            "cursor": cursor,
            "first_url": _url(search=search, category=category),
            "next_url": found.next_cursor
            and _url(search=search, category=category, cursor=found.next_cursor),
        },
    )


@require_safe
@page()
def product(request: HttpRequest, sku: str) -> HttpResponse:
    """One product, with the form that puts it into the basket."""
    try:
        found = ramet.client(Products).get(sku)
    except UnknownProduct as error:
        raise NotFound from error
    return show(
        request, "product", {"product": found, "most": max(1, min(found.stock, MOST_PIECES))}
    )


def _url(**query: str) -> str:
    given = {name: value for name, value in query.items() if value}
    return reverse("storefront:catalogue") + (f"?{urlencode(given)}" if given else "")
