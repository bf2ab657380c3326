"""A caller's span says whether a transaction was open."""

from contextlib import nullcontext

import pytest
from django.db import transaction

import ramet
from ramet.calls import spans
from tests.unit.conftest import Trace


class Depot(ramet.Contract, version=1):
    @ramet.operation(deadline="2s")
    def count(self) -> int:
        """Count."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("is_open", "may_be_inside", "said"),
    [(True, True, True), (False, True, None), (False, False, None)],
)
def test_a_call_within_an_open_transaction_says_so(
    traced: Trace,
    is_open: bool,
    may_be_inside: bool,
    said: bool | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spans, "owner_of", lambda module: "depot")
    kept = traced()
    operation = Depot.__ramet__.operations["count"]
    with transaction.atomic() if is_open else nullcontext():
        made = spans.making(operation, "orders", 0, may_be_inside=may_be_inside)
    assert made is not None
    made.end()
    span = next(span for span in kept() if span.kind == 3 and "ramet.operation" in span.attributes)
    assert span.attributes.get("ramet.in_transaction") is said
    assert span.attributes["ramet.deadline_ms"] == 2000
    assert __file__.endswith(f"/{span.attributes['code.file.path']}")
