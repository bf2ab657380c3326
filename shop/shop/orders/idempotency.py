"""The `Idempotency-Key` header of POST requests.

Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ (400 where it is
missing, 422 where it comes again with another body).
"""

import re

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request

from shop.orders.contract import LONGEST_KEY


class KeyMissing(ParseError):
    """400: the request cannot be repeated safely, so it is not even done once."""

    default_detail = "Send an Idempotency-Key header: a value of your own, new for each order."
    default_code = "idempotency_key_missing"


class KeyMalformed(ParseError):
    """400: the key cannot be kept."""

    default_detail = f"An Idempotency-Key has 1 to {LONGEST_KEY} visible ASCII characters."
    default_code = "idempotency_key_malformed"


class KeyUsedForAnotherBody(APIException):
    """422: one of the two requests is a mistake of the sender."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key came with another body before."
    default_code = "idempotency_key_reused"


def key_of(request: Request) -> str:
    """The key. Raises KeyMissing, KeyMalformed."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        raise KeyMissing
    if re.fullmatch(rf"[\x20-\x7e]{{1,{LONGEST_KEY}}}", key) is None:
        raise KeyMalformed
    return key
