"""Stripe's HTTP API as far as the shop needs it: authenticated, form-encoded, idempotent POSTs."""

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import ramet

# Pinned: without it the account's own version decides what answers look like.
VERSION = "2024-06-20"
TIMEOUT_SECONDS = 10


class CardError(Exception):
    """The card cannot be charged. `code` is Stripe's decline code, such as `insufficient_funds`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class StripeError(Exception):
    """Stripe refuses the request itself: a wrong key, a bug of ours. Repeating it is of no use."""


class UnexpectedState(StripeError):
    """The intent's state does not allow this, e.g. it was cancelled. `intent` is as it stands."""

    def __init__(self, text: str, intent: dict[str, Any]) -> None:
        super().__init__(text)
        self.intent = intent


class Client:
    """One account at one address, `https://api.stripe.com` or a double on a loopback port."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = urlsplit(url)
        self._api_key = api_key

    def post(self, path: str, fields: dict[str, str], *, key: str) -> dict[str, Any]:
        """POST and the JSON object of the answer. `key` is the Idempotency-Key.

        Raises CardError, UnexpectedState, StripeError, or ramet.Unavailable for a network fault,
        409 (a request with the same key is still running), 429 and 5xx:
        https://docs.stripe.com/error-low-level
        """
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = kind(self._url.netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(
                "POST",
                path,
                body=urlencode(fields),
                headers={
                    "Authorization": f"Bearer {self._api_key}",
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Idempotency-Key": key,
                    "Stripe-Version": VERSION,
                },
            )
            response = connection.getresponse()
            status, body = response.status, response.read()
        except (OSError, HTTPException) as error:
            raise ramet.Unavailable(f"Stripe cannot be reached: {error}") from error
        finally:
            connection.close()
        return _read(status, body)


def _read(status: int, body: bytes) -> dict[str, Any]:
    if status in (409, 429) or status >= 500:
        raise ramet.Unavailable(f"Stripe answered {status}")
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise ramet.Unavailable(f"Stripe answered {status} without JSON") from error
    if status < 300:
        return dict(answer)
    fault = answer.get("error", {})
    if fault.get("type") == "card_error":
        raise CardError(fault.get("decline_code") or fault.get("code") or "card_error")
    text = f"{status} {fault.get('type')} {fault.get('code')}: {fault.get('message')}"
    # https://docs.stripe.com/error-codes: such an error carries the whole intent.
    if fault.get("code") == "payment_intent_unexpected_state" and "payment_intent" in fault:
        raise UnexpectedState(text, fault["payment_intent"])
    raise StripeError(text)
