"""An exception as OpenTelemetry tells it, in spans and in log lines.

Names are those of https://opentelemetry.io/docs/specs/semconv/exceptions/.
"""

from __future__ import annotations

import traceback

__all__ = ["described"]

_LARGEST_TEXT = 16_000  # characters of the message
_LARGEST_STACK = 20_000  # characters of the traceback, from its end: there is what went wrong


def described(error: BaseException) -> dict[str, str]:
    """Its attributes. Never raises: an exception whose own text cannot be had is told as well."""
    kind = type(error)
    stack = "".join(traceback.format_exception(error))
    return {
        "exception.type": f"{kind.__module__}.{kind.__qualname__}",
        "exception.message": _text(error)[:_LARGEST_TEXT],
        "exception.stacktrace": stack[-_LARGEST_STACK:],
    }


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - what the project's own `__str__` raises is told by its absence
        return "<no text: its __str__ fails>"
