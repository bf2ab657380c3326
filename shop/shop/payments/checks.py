"""A system check of the settings: a misspelt provider would fail only when somebody pays."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from shop.payments.providers import NAMES


@register
def check_provider(**_: Any) -> list[CheckMessage]:
    """payments.E001: PAYMENT_PROVIDER names no provider. payments.E002: it lacks its secrets."""
    name = settings.PAYMENT_PROVIDER
    if name not in NAMES:
        return [
            Error(
                f"PAYMENT_PROVIDER is {name!r}, and there is no such provider.",
                hint=f"Set SHOP_PAYMENT_PROVIDER to one of {', '.join(NAMES)}.",
                id="payments.E001",
            )
        ]
    if name == "stripe" and not (settings.STRIPE_API_KEY and settings.STRIPE_WEBHOOK_SECRET):
        return [
            Error(
                "Stripe is the payment provider, but has no key or no webhook secret.",
                hint="Set SHOP_STRIPE_API_KEY and SHOP_STRIPE_WEBHOOK_SECRET.",
                id="payments.E002",
            )
        ]
    return []
