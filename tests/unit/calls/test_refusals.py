"""Refusals: exceptions with typed fields."""

from decimal import Decimal
from typing import Any

import pytest

import ramet
from ramet.calls.refusals import find_refusal
from ramet.errors import DiagnosticError


class TooExpensive(ramet.Refused):
    """The price is beyond the limit."""

    limit: Decimal
    currency: str = "EUR"


class Nothing(ramet.Refused):
    """No fields at all."""


def test_fields_are_given_by_position_or_by_name() -> None:
    for refusal in (TooExpensive(Decimal("1.50")), TooExpensive(limit=Decimal("1.50"))):
        assert (refusal.limit, refusal.currency) == (Decimal("1.50"), "EUR")
        assert refusal.fields == {"limit": "1.50", "currency": "EUR"}
        assert str(refusal) == "TooExpensive(limit=Decimal('1.50'), currency='EUR')"


@pytest.mark.parametrize("arguments", [{}, {"limit": Decimal(1), "colour": "red"}])
def test_missing_and_unknown_fields_are_type_errors(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="TooExpensive"):
        TooExpensive(**arguments)


def test_a_refusal_may_have_no_fields() -> None:
    assert str(Nothing()) == "Nothing()"


def test_the_wire_name_is_the_module_and_the_class() -> None:
    assert TooExpensive.wire_name == f"{__name__}.TooExpensive"


def test_a_field_that_cannot_cross_the_wire_is_refused_at_definition() -> None:
    with pytest.raises(DiagnosticError, match=r"Vague\.thing: type-cannot-cross-the-wire"):

        class Vague(ramet.Refused):
            thing: object


def test_a_field_that_hides_what_refusals_have_is_refused_at_definition() -> None:
    with pytest.raises(DiagnosticError) as caught:

        class Hiding(ramet.Refused):
            message: str  # type: ignore[assignment]
            fields: str  # type: ignore[assignment]

    assert [each.found for each in caught.value.mistakes] == [
        "a field named message",
        "a field named fields",
    ]


def test_only_a_class_that_the_contracts_module_knows_is_found() -> None:
    assert find_refusal(TooExpensive.wire_name, __name__) is TooExpensive
    assert find_refusal(TooExpensive.wire_name, "some.other.contract") is None
    assert find_refusal("some.other.Refusal", __name__) is None
