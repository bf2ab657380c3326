"""Money as people write it."""

from django import template

register = template.Library()


@register.filter
def money(amount):
    """€1,249.00"""
    return "" if amount is None else f"€{amount:,.2f}"
