"""Wrong settings are told before anybody pays."""

from typing import Any

import pytest

from shop.payments.checks import check_provider


@pytest.mark.parametrize(
    ("name", "key", "found"),
    [
        ("sandbox", "", []),
        ("stripe", "sk_1", []),
        ("stripe", "", ["payments.E002"]),
        ("strype", "", ["payments.E001"]),
    ],
)
def test_a_provider_must_exist_and_have_its_secrets(
    settings: Any, name: str, key: str, found: list[str]
) -> None:
    settings.PAYMENT_PROVIDER = name
    settings.STRIPE_API_KEY = settings.STRIPE_WEBHOOK_SECRET = key
    assert [error.id for error in check_provider()] == found
    assert all(error.hint for error in check_provider())
