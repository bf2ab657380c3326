"""What an OTLP collector wants to be told with each request, such as a key.

The standard's own variable (https://opentelemetry.io/docs/specs/otel/protocol/exporter/), read here
once for the services and for Envoy.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from ramet.errors import DiagnosticError, Mistake
from ramet.system.secrets import resolved

__all__ = ["headers"]

_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110, section 5.6.2


def headers(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """`api-key=abc,other=value`, each percent-encoded as in W3C baggage. May be `file:/path`.

    Raises DiagnosticError for what is no such list.
    """
    text = environ.get(_HEADERS, "")
    if text:
        text = resolved(text, environ, _HEADERS)
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    found = tuple((name.strip(), unquote(value.strip())) for name, _, value in pairs)
    if not all(_NAME.fullmatch(name) and _is_value(value) for name, value in found):
        raise DiagnosticError(
            Mistake(
                "invalid-environment",
                where=_HEADERS,
                found="a text that is no list of headers",  # without the value, which is a secret
                expected="name=value,name=value, percent-encoded",
                remedy=f"Correct {_HEADERS}, or unset it.",
            )
        )
    return found


def _is_value(value: str) -> bool:
    return value != "" and value.isprintable() and value.isascii()
