"""The sandbox bank: a provider without a network, whose answer the payment token decides.

| token | answer |
| --- | --- |
| `tok_ok` | holds the money |
| `tok_slow` | the same, after 5 seconds |
| `tok_flaky` | fails every other time: attempts 1, 3, 5... |
| `tok_declined`, and any other | declines |

The bank keeps no books of its own: the ledger of payments is in the same database. So its word
holds no money yet; the hold is booked with the payment's state in one transaction, or not at all.
"""

import json
import time
from collections.abc import Mapping

from django.utils.crypto import salted_hmac

import ramet
from shop.money import Money
from shop.payments.contract import Declined
from shop.payments.providers import Authorisation, MalformedNotice, Notice
from shop.payments.providers.signatures import verify

SLOW_SECONDS = 5.0
SIGNATURE_HEADER = "Sandbox-Signature"


class Sandbox:
    """See the module."""

    def open(self, authorisation: Authorisation) -> str:
        return f"sandbox_{authorisation.payment_id.hex}"

    def authorise(self, reference: str, authorisation: Authorisation) -> None:
        match authorisation.token:
            case "tok_ok":
                pass
            case "tok_slow":
                time.sleep(SLOW_SECONDS)
            case "tok_flaky":
                if authorisation.attempt % 2:
                    raise ramet.Unavailable("the sandbox bank fails every other time")
            case "tok_declined":
                raise Declined(reason="card_declined")
            case _:
                raise Declined(reason="unknown_token")

    def void(self, reference: str, *, key: str) -> None:
        """Nothing to tell anyone."""

    def capture(self, reference: str, amount: Money, *, key: str) -> None:
        """Nothing to tell anyone."""

    def refund(self, reference: str, amount: Money, *, key: str) -> None:
        """Nothing to tell anyone."""

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        verify(headers.get(SIGNATURE_HEADER, ""), body, webhook_secret())
        try:
            match json.loads(body):
                case {"id": str(id), "type": str(type), "reference": str(reference)}:
                    return Notice(id, type, reference, is_reversal=type == "payment.reversed")
        except (ValueError, RecursionError) as error:
            raise MalformedNotice("the body is not JSON, or nested too deeply") from error
        raise MalformedNotice("expected id, type and reference, each a string")


def webhook_secret() -> str:
    """What the sandbox signs webhooks with: derived from SECRET_KEY, so never the same twice."""
    return salted_hmac("shop.payments.sandbox", "webhooks", algorithm="sha256").hexdigest()


PROVIDER = Sandbox()
