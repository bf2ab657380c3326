"""Stripe: payment intents with manual capture, and webhooks.

A payment is one PaymentIntent, which is the reference: created, confirmed (then it holds the money)
and captured, or cancelled, after which Stripe confirms it no more. `payment_token` is the id of a
PaymentMethod that Stripe.js made in the browser; card numbers never come here.
Source of every rule: https://docs.stripe.com/api/payment_intents
"""

import json
from collections.abc import Mapping

from django.conf import settings

from shop.money import Money
from shop.payments.contract import Declined
from shop.payments.providers import Authorisation, MalformedNotice, Notice
from shop.payments.providers.signatures import verify
from shop.payments.providers.stripe.client import CardError, Client, UnexpectedState


class Stripe:
    """See the module. Reads its settings at each use, so that keys can be rolled."""

    def open(self, authorisation: Authorisation) -> str:
        intent = _client().post(
            "/v1/payment_intents",
            {
                "amount": str(_cents(authorisation.amount)),
                "currency": authorisation.amount.currency.lower(),
                "capture_method": "manual",
                # The customer is not at the keyboard: a step in the browser cannot follow.
                "automatic_payment_methods[enabled]": "true",
                "automatic_payment_methods[allow_redirects]": "never",
                "metadata[order]": str(authorisation.order_id),
                "metadata[payment]": str(authorisation.payment_id),
            },
            key=f"{authorisation.payment_id}/open/{authorisation.attempt}",
        )
        return str(intent["id"])

    def authorise(self, reference: str, authorisation: Authorisation) -> None:
        # A key for each attempt, as Stripe repeats even a 500 to the same key. That an intent is
        # confirmed once is a rule of its states.
        try:
            intent = _client().post(
                f"/v1/payment_intents/{reference}/confirm",
                {"payment_method": authorisation.token},
                key=f"{authorisation.payment_id}/authorise/{authorisation.attempt}",
            )
        except CardError as error:
            raise Declined(reason=error.code) from error
        except UnexpectedState as error:
            intent = error.intent  # confirmed by an attempt whose answer was lost, or cancelled
        if intent["status"] != "requires_capture":
            raise Declined(reason=str(intent["status"]))

    def void(self, reference: str, *, key: str) -> None:
        try:
            _client().post(f"/v1/payment_intents/{reference}/cancel", {}, key=key)
        except UnexpectedState as error:
            # Stripe forgets keys after a day; a hold that it gave up itself is cancelled as well.
            if error.intent["status"] != "canceled":
                raise

    def capture(self, reference: str, amount: Money, *, key: str) -> None:
        fields = {"amount_to_capture": str(_cents(amount))}
        _client().post(f"/v1/payment_intents/{reference}/capture", fields, key=key)

    def refund(self, reference: str, amount: Money, *, key: str) -> None:
        fields = {"payment_intent": reference, "amount": str(_cents(amount))}
        _client().post("/v1/refunds", fields, key=key)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        verify(headers.get("Stripe-Signature", ""), body, settings.STRIPE_WEBHOOK_SECRET)
        try:
            event = json.loads(body)
            subject = event["data"]["object"]
            # A charge names its intent; an intent is its own reference.
            reference = subject.get("payment_intent") or subject["id"]
            is_whole = subject.get("refunded") is True
            return Notice(
                id=str(event["id"]),
                type=str(event["type"]),
                reference=str(reference),
                is_reversal=event["type"] == "charge.refunded" and is_whole,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise MalformedNotice("not an event object of Stripe") from error


def _client() -> Client:
    return Client(settings.STRIPE_API_URL, settings.STRIPE_API_KEY)


def _cents(amount: Money) -> int:
    # Stripe wants the smallest unit of the currency: https://docs.stripe.com/currencies
    return int(amount.amount * 100)


PROVIDER = Stripe()
