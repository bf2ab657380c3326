"""Money adds up, and never silently across currencies."""

from decimal import Decimal

import pytest

from shop.money import Money


def test_prices_multiply_and_add_exactly() -> None:
    assert Money.of(Decimal("0.10")) * 3 + Money.of(1) == Money.of(Decimal("1.30"))


def test_amounts_have_whole_cents() -> None:
    assert str(Money.of(1)) == "1.00 EUR"
    assert Money.of(Decimal("0.125")).amount == Decimal("0.12")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="USD"):
        Money.of(1) + Money(amount=Decimal(1), currency="USD")
