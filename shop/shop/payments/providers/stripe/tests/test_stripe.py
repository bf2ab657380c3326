"""The Stripe provider against a double that speaks Stripe's HTTP API on a loopback port.

The double is written from Stripe's public documents; it has never been the real thing.
"""

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest

import ramet
from shop.money import Money
from shop.payments.contract import Declined
from shop.payments.models import Movement
from shop.payments.providers import Authorisation, BadSignature, MalformedNotice
from shop.payments.providers.signatures import sign
from shop.payments.providers.stripe import PROVIDER
from shop.payments.providers.stripe.client import StripeError
from shop.payments.services import Till

PRICE = Money.of(Decimal("12.50"))
SECRET = "whsec_test"
CONFIRM = "/v1/payment_intents/pi_1/confirm"
CANCEL = "/v1/payment_intents/pi_1/cancel"


class Double(BaseHTTPRequestHandler):
    """Answers what the test put into `answers` for a path, else a held payment intent."""

    requests: ClassVar[list[dict[str, Any]]]
    answers: ClassVar[dict[str, tuple[int, Any]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.requests.append({"path": self.path, "headers": dict(self.headers), "form": form})
        status, answer = self.answers.get(
            self.path, (200, {"id": "pi_1", "status": "requires_capture"})
        )
        payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def stripe(settings: Any) -> Iterator[type[Double]]:
    Double.requests, Double.answers = [], {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Double)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.STRIPE_API_URL = f"http://127.0.0.1:{server.server_port}"
    settings.STRIPE_API_KEY = "sk_test_1"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.PAYMENT_PROVIDER = "stripe"
    yield Double
    server.shutdown()
    thread.join()
    server.server_close()


def asked(order: UUID | None = None) -> Authorisation:
    return Authorisation(
        payment_id=uuid4(), order_id=order or uuid4(), amount=PRICE, token="pm_card", attempt=1
    )


def test_a_payment_is_an_intent_with_manual_capture_that_is_then_confirmed(
    stripe: type[Double],
) -> None:
    authorisation = asked()
    reference = PROVIDER.open(authorisation)
    assert reference == "pi_1"
    PROVIDER.authorise(reference, authorisation)
    opened, confirmed = stripe.requests
    assert opened["path"] == "/v1/payment_intents"
    assert opened["headers"]["Authorization"] == "Bearer sk_test_1"
    assert opened["headers"]["Idempotency-Key"] == f"{authorisation.payment_id}/open/1"
    assert opened["form"]["amount"] == "1250"
    assert opened["form"]["currency"] == "eur"
    assert opened["form"]["capture_method"] == "manual"
    assert "confirm" not in opened["form"]
    assert confirmed["path"] == CONFIRM
    assert confirmed["headers"]["Idempotency-Key"] == f"{authorisation.payment_id}/authorise/1"
    assert confirmed["form"] == {"payment_method": "pm_card"}


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (402, {"error": {"type": "card_error", "decline_code": "stolen_card"}}, "stolen_card"),
        (402, {"error": {"type": "card_error", "code": "expired_card"}}, "expired_card"),
        (200, {"id": "pi_1", "status": "requires_action"}, "requires_action"),
    ],
)
def test_a_card_that_cannot_be_charged_is_declined(
    stripe: type[Double], status: int, answer: Any, reason: str
) -> None:
    stripe.answers[CONFIRM] = (status, answer)
    with pytest.raises(Declined) as refusal:
        PROVIDER.authorise("pi_1", asked())
    assert refusal.value.reason == reason


def in_state(status: str) -> tuple[int, Any]:
    intent = {"id": "pi_1", "status": status}
    code = "payment_intent_unexpected_state"
    return 400, {"error": {"type": "invalid_request_error", "code": code, "payment_intent": intent}}


def test_an_intent_that_an_attempt_without_answer_confirmed_is_authorised(
    stripe: type[Double],
) -> None:
    stripe.answers[CONFIRM] = in_state("requires_capture")
    PROVIDER.authorise("pi_1", asked())


def test_an_intent_that_was_cancelled_holds_nothing_any_more(stripe: type[Double]) -> None:
    stripe.answers[CONFIRM] = stripe.answers[CANCEL] = in_state("canceled")
    with pytest.raises(Declined):
        PROVIDER.authorise("pi_1", asked())
    PROVIDER.void("pi_1", key="k")
    stripe.answers[CANCEL] = in_state("succeeded")
    with pytest.raises(StripeError):
        PROVIDER.void("pi_1", key="k")


@pytest.mark.django_db
def test_a_void_without_an_answer_to_the_confirmation_cancels_the_intent(
    stripe: type[Double],
) -> None:
    till, order = Till(), uuid4()
    stripe.answers[CONFIRM] = (500, {})
    with pytest.raises(ramet.Unavailable):
        till.authorise(order, uuid4(), PRICE, "pm_card")
    till.void(order)
    assert stripe.requests[-1]["path"] == CANCEL


@pytest.mark.parametrize(
    ("status", "answer"), [(500, {}), (503, b"<html>"), (429, {}), (409, {}), (200, b"not JSON")]
)
def test_a_failing_stripe_is_unavailable(stripe: type[Double], status: int, answer: Any) -> None:
    stripe.answers[CONFIRM] = (status, answer)
    with pytest.raises(ramet.Unavailable):
        PROVIDER.authorise("pi_1", asked())


def test_a_stripe_that_is_not_there_is_unavailable(settings: Any) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:1"
    with pytest.raises(ramet.Unavailable):
        PROVIDER.authorise("pi_1", asked())


def test_a_wrong_key_is_a_fault_and_no_decline(stripe: type[Double]) -> None:
    error = {"type": "invalid_request_error", "message": "Invalid API Key"}
    stripe.answers[CONFIRM] = (401, {"error": error})
    with pytest.raises(StripeError, match="Invalid API Key"):
        PROVIDER.authorise("pi_1", asked())


@pytest.mark.django_db
def test_a_whole_payment_goes_through_the_same_books(stripe: type[Double]) -> None:
    till, order = Till(), uuid4()
    till.authorise(order, uuid4(), PRICE, "pm_card")
    till.capture(order)
    till.refund(order)
    assert [request["path"] for request in stripe.requests] == [
        "/v1/payment_intents",
        CONFIRM,
        "/v1/payment_intents/pi_1/capture",
        "/v1/refunds",
    ]
    assert len({request["headers"]["Idempotency-Key"] for request in stripe.requests}) == 4
    kinds = Movement.objects.order_by("pk").values_list("kind", flat=True)
    assert [*kinds] == ["authorise", "capture", "refund"]


@pytest.mark.django_db
def test_a_void_cancels_the_intent(stripe: type[Double]) -> None:
    till, order = Till(), uuid4()
    till.authorise(order, uuid4(), PRICE, "pm_card")
    till.void(order)
    assert stripe.requests[-1]["path"] == CANCEL


def event(type: str = "charge.refunded", *, refunded: bool = True) -> bytes:
    charge = {"id": "ch_1", "payment_intent": "pi_1", "refunded": refunded}
    return json.dumps({"id": "evt_1", "type": type, "data": {"object": charge}}).encode()


def read(body: bytes, signature: str) -> Any:
    return PROVIDER.read_notice({"Stripe-Signature": signature}, body)


def test_a_refund_at_stripe_is_a_reversal_of_the_intent(stripe: type[Double]) -> None:
    notice = read(event(), sign(event(), SECRET))
    assert (notice.id, notice.reference, notice.is_reversal) == ("evt_1", "pi_1", True)


@pytest.mark.parametrize("body", [event("charge.captured"), event(refunded=False)])
def test_anything_less_than_a_whole_refund_is_no_reversal(
    stripe: type[Double], body: bytes
) -> None:
    assert not read(body, sign(body, SECRET)).is_reversal


def test_the_signature_is_checked_as_stripe_documents_it(stripe: type[Double]) -> None:
    body = event()
    good = sign(body, SECRET)
    timestamp, v1 = good.split(",")
    assert read(body, f"{timestamp},v1={'0' * 64},{v1},v0=old").id == "evt_1"
    for bad in ("", v1, timestamp, f"{timestamp},{v1.replace('v1', 'v0')}", sign(body, "other")):
        with pytest.raises(BadSignature):
            read(body, bad)
    with pytest.raises(BadSignature):
        read(body.replace(b"true", b"false"), good)


def test_a_known_signature_comes_out_the_same() -> None:
    # Computed with openssl: printf '1700000000.{"id":1}' | openssl dgst -sha256 -hmac whsec_test
    expected = "2f441ba4b3b2d50d28a9ab9d9fd8880376ecd1eb5d0435401553f5d8d0a5dcf8"
    assert sign(b'{"id":1}', SECRET, now=1700000000) == f"t=1700000000,v1={expected}"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"id": "evt_1", "type": "x", "data": {}}'])
def test_what_is_no_event_is_malformed(stripe: type[Double], body: bytes) -> None:
    with pytest.raises(MalformedNotice):
        read(body, sign(body, SECRET))
