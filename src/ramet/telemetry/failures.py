"""An exception as OpenTelemetry tells it, in spans and in log lines.

Names are those of https://opentelemetry.io/docs/specs/semconv/exceptions/.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

from ramet.telemetry.refused_rows import without_values

__all__ = ["described", "error_of", "stack_of"]

_LARGEST_TEXT = 16_000  # characters of the message
_LARGEST_STACK = 20_000  # characters of the traceback, from its end: there is what went wrong


def described(error: BaseException) -> dict[str, str]:
    """Its attributes. Never raises: an exception whose own text cannot be had is told as well."""
    kind = type(error)
    stack = stack_of(error)
    return {
        "exception.type": f"{kind.__module__}.{kind.__qualname__}",
        "exception.message": without_values(_text(error), error)[:_LARGEST_TEXT],
        "exception.stacktrace": stack[-_LARGEST_STACK:],
    }


def error_of(told: Any) -> BaseException | None:
    """The exception of what logging calls `exc_info`: it, its triple, or true for the current."""
    if isinstance(told, tuple):
        told = told[1] if len(told) > 1 else None
    elif told is True:
        told = sys.exc_info()[1]
    return told if isinstance(told, BaseException) else None


def stack_of(error: BaseException) -> str:
    """Its traceback, without the values of a row that PostgreSQL refused."""
    return without_values("".join(traceback.format_exception(error)), error)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - what the project's own `__str__` raises is told by its absence
        return "<no text: its __str__ fails>"
