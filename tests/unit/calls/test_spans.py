"""What a caller's span says of the call."""

from contextlib import nullcontext

import pytest
from django.db import transaction

import ramet
from ramet.calls import spans
from tests.unit.telemetry.conftest import Trace, traced  # noqa: F401  # a fixture


class Depot(ramet.Contract, version=1):
    @ramet.operation(deadline="2s")
    def count(self) -> int:
        """Count."""


def test_a_fetch_tells_its_path_without_the_query_and_its_time(traced: Trace) -> None:  # noqa: F811
    kept = traced()
    with spans.fetching("users", "GET", "/me/?token=secret", "orders", 1.5):
        pass
    (span,) = kept()
    assert span.attributes["url.full"] == "http://users/me/"
    assert span.attributes["ramet.deadline_ms"] == 1500
    assert span.attributes["ramet.callee"] == "users"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("is_open", "may_be_inside", "said"),
    [(True, True, True), (False, True, None), (False, False, None)],
)
def test_a_call_within_an_open_transaction_says_so(
    traced: Trace,  # noqa: F811
    is_open: bool,
    may_be_inside: bool,
    said: bool | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spans, "owner_of", lambda module: "depot")
    kept = traced()
    operation = Depot.__ramet__.operations["count"]
    with (
        transaction.atomic() if is_open else nullcontext(),
        spans.making(operation, "orders", 0, may_be_inside=may_be_inside),
    ):
        pass
    span = next(span for span in kept() if span.kind == 3 and "ramet.operation" in span.attributes)
    assert span.attributes.get("ramet.in_transaction") is said
    assert span.attributes["ramet.deadline_ms"] == 2000
    assert span.attributes["code.file.path"] == __file__
