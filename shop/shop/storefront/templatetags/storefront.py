"""Words and pictures for the templates."""

import zlib
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shop.products.contract import Product

from .. import drawings
from ..words import STATUS_WORDS

register = template.Library()

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
_TINTS = 5


@register.filter
def money(value: Any) -> str:
    """Money as people write it: €1,249.00. "" for None."""
    if value is None:
        return ""
    symbol = _SYMBOLS.get(value.currency)
    amount = f"{value.amount:,.2f}"
    return f"{symbol}{amount}" if symbol else f"{amount} {value.currency}"


@register.simple_tag
def asset(name: str) -> str:
    """The address of one of the storefront's own static files."""
    return static(f"storefront/{name}")


@register.simple_tag
def drawing(name: str) -> SafeString:
    """One of the drawings of `art.svg`, in the colours of the page."""
    return format_html(
        '<svg viewBox="0 0 64 64" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        asset("art.svg"),
        name,
    )


@register.simple_tag
def picture(product: Product | None) -> SafeString:
    """The drawing for a product; a leaf where its product is not known."""
    return drawing(drawings.drawing_of(product.category, product.name) if product else "leaf")


@register.filter
def tint(sku: str) -> str:
    """One of five background colours, always the same for one article."""
    return f"tint-{zlib.crc32(sku.encode()) % _TINTS}"


@register.filter
def status_words(status: Any) -> str:
    """An order's status in the customer's words."""
    return STATUS_WORDS.get(str(getattr(status, "value", status)), str(status))
