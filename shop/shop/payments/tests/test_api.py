"""Payments over HTTP: owners look, providers report."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from rest_framework.test import APIClient

from ramet.identity import User
from ramet.testing import Events
from shop.money import Money
from shop.payments.events import PaymentReversed
from shop.payments.models import Payment, ProviderEvent
from shop.payments.providers.sandbox import webhook_secret
from shop.payments.providers.signatures import sign
from shop.payments.services import Till

pytestmark = pytest.mark.django_db

Api = Callable[[User | None], APIClient]
URL = "/api/v1/payments/"
HOOK = f"{URL}webhooks/sandbox/"


@pytest.fixture
def order(alice: User) -> UUID:
    """An order that alice has paid."""
    order = uuid4()
    till = Till()
    till.authorise(order, alice.id, Money.of(Decimal("12.50")), "tok_ok")
    till.capture(order)
    return order


def report(api: Api, body: bytes, signature: str) -> Any:
    return api(None).generic(
        "POST", HOOK, body, content_type="application/json", HTTP_SANDBOX_SIGNATURE=signature
    )


def reversal(order: UUID, id: str = "evt_1") -> bytes:
    reference = Payment.objects.get(order_id=order).reference
    return json.dumps({"id": id, "type": "payment.reversed", "reference": reference}).encode()


def test_the_owner_sees_what_was_paid(api: Api, alice: User, order: UUID) -> None:
    (payment,) = api(alice).get(URL, {"order": str(order)}).json()["results"]
    assert payment.pop("created_at").endswith("Z")
    assert payment == {
        "order": str(order),
        "provider": "sandbox",
        "status": "captured",
        "authorised": {"amount": "12.50", "currency": "EUR"},
        "captured": {"amount": "12.50", "currency": "EUR"},
        "refunded": {"amount": "0.00", "currency": "EUR"},
    }


def test_nobody_else_sees_anything(api: Api, bob: User, order: UUID) -> None:
    assert api(None).get(URL, {"order": str(order)}).status_code == 401
    assert api(bob).get(URL, {"order": str(order)}).json()["results"] == []
    assert api(bob).get(URL).json()["results"] == []


@pytest.mark.parametrize("order", ["first", ""])
def test_an_order_that_is_no_id_is_refused(api: Api, alice: User, order: str) -> None:
    answer = api(alice).get(URL, {"order": order})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "order"


def test_a_reversal_is_booked_and_announced_once(api: Api, order: UUID, events: Events) -> None:
    body = reversal(order)
    for _ in range(2):
        assert report(api, body, sign(body, webhook_secret())).status_code == 204
    again = reversal(order, "evt_2")
    assert report(api, again, sign(again, webhook_secret())).content == b""
    assert Payment.objects.get(order_id=order).refunded == Decimal("12.50")
    assert events.published == [PaymentReversed(order_id=order)]


def test_a_reversal_that_overtakes_the_books_is_asked_for_again_and_then_booked(
    api: Api, alice: User, events: Events
) -> None:
    # The bank has captured and given back, and the answer to the capture is still on its way.
    order, till = uuid4(), Till()
    till.authorise(order, alice.id, Money.of(Decimal("12.50")), "tok_ok")
    body = reversal(order)
    early = report(api, body, sign(body, webhook_secret()))
    assert (early.status_code, early.json()["code"]) == (409, "too-early")
    assert early["retry-after"]
    assert not ProviderEvent.objects.exists()
    till.capture(order)
    assert report(api, body, sign(body, webhook_secret())).status_code == 204
    assert Payment.objects.get(order_id=order).refunded == Decimal("12.50")
    assert events.published == [PaymentReversed(order_id=order)]


@pytest.mark.parametrize("state", ["voided", "declined", "refunded"])
def test_a_reversal_of_money_that_the_shop_does_not_have_is_noted(
    api: Api, order: UUID, events: Events, state: str
) -> None:
    Payment.objects.filter(order_id=order).update(state=state)
    body = reversal(order)
    assert report(api, body, sign(body, webhook_secret())).status_code == 204
    assert events.published == []


def test_other_news_is_noted_and_changes_nothing(api: Api, order: UUID) -> None:
    body = reversal(order).replace(b"payment.reversed", b"payment.settled")
    assert report(api, body, sign(body, webhook_secret())).status_code == 204
    assert ProviderEvent.objects.count() == 1
    assert Payment.objects.get(order_id=order).refunded == 0


def test_a_webhook_that_is_not_signed_by_the_provider_is_401(api: Api, order: UUID) -> None:
    body = reversal(order)
    good = sign(body, webhook_secret())
    old = sign(body, webhook_secret(), now=time.time() - 301)
    for signature in ("", "nonsense", "t=1,v1=", sign(body, "guessed"), old, good[:-1] + "ü"):
        answer = report(api, body, signature)
        assert (answer.status_code, answer["content-type"]) == (401, "application/problem+json")
    assert report(api, body + b" ", good).status_code == 401
    assert not ProviderEvent.objects.exists()


UNSTORABLE = [
    json.dumps({"id": "evt_1", "type": "t", "reference": "r"} | change).encode()
    for change in ({"id": "a\0b"}, {"id": ""}, {"type": "t" * 101}, {"reference": "\ud800"})
]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 1}', b"\xff", *UNSTORABLE])
def test_a_signed_webhook_that_cannot_be_read_is_400(api: Api, body: bytes) -> None:
    assert report(api, body, sign(body, webhook_secret())).status_code == 400


def test_a_webhook_that_is_sent_as_an_upload_is_400(api: Api) -> None:
    answer = api(None).generic("POST", HOOK, b"x", content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, answer["content-type"]) == (400, "application/problem+json")


def test_an_unknown_provider_is_404(api: Api) -> None:
    assert api(None).post(f"{URL}webhooks/signatures/", {}, format="json").status_code == 404


def test_a_provider_without_a_configured_secret_is_not_believed(api: Api) -> None:
    body = b"{}"
    answer = api(None).generic(
        "POST", f"{URL}webhooks/stripe/", body, HTTP_STRIPE_SIGNATURE=sign(body, "")
    )
    assert answer.status_code == 401
