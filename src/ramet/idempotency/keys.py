"""The header itself, and what is answered where it is missing, malformed or used wrongly."""

import re

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request

from ramet.calls.context import LONGEST_KEY

__all__ = ["HEADER", "KeyInUse", "KeyMalformed", "KeyMissing", "KeyReused", "key_of"]

HEADER = "Idempotency-Key"

_VISIBLE = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_KEY}}}")
# RFC 9651, 3.3.3: a quoted string, in which a backslash stands before a quote or a backslash.
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')


class KeyMissing(ParseError):
    """400: the request cannot be repeated safely, so it is not even done once."""

    default_detail = f"Send an {HEADER} header: a value of your own, new for each request."
    default_code = "idempotency_key_missing"


class KeyMalformed(ParseError):
    """400: the key cannot be kept."""

    default_detail = f"An {HEADER} has 1 to {LONGEST_KEY} visible ASCII characters."
    default_code = "idempotency_key_malformed"


class KeyReused(APIException):
    """422: one of the two requests is a mistake of the sender."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = f"This {HEADER} came with another body before."
    default_code = "idempotency_key_reused"


class KeyInUse(APIException):
    """409: the first request with this key has not been answered yet. Ask again after `wait` s."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = f"A request with this {HEADER} is being worked on. Repeat it in a moment."
    default_code = "idempotency_key_in_use"
    wait = 1


def key_of(request: Request) -> str | None:
    """The key, None where there is no header. Raises KeyMalformed.

    The draft asks for a quoted string; most clients send the bare value. Both are the same key.
    """
    value = request.headers.get(HEADER, "").strip()
    if not value:
        return None
    if value.startswith('"'):
        quoted = _QUOTED.fullmatch(value)
        value = "" if quoted is None else re.sub(r"\\(.)", r"\1", quoted[1])
    if _VISIBLE.fullmatch(value) is None:
        raise KeyMalformed
    return value
