"""Words and JSON as PostgreSQL and SQLite can store them.

Neither takes a lone surrogate, PostgreSQL no NUL, JSON no NaN. What an exception says comes from
anywhere, so it is made storable; a saga's state must come back as it was, so it is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

__all__ = ["LONGEST", "cleaned", "fault", "shown", "text"]

LONGEST = 2_000
"""Characters of an error that are kept."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def text(value: object) -> str:
    """`str(value)`, storable, at most LONGEST characters; never raises."""
    return _words(value, str)


def shown(value: object) -> str:
    """`repr(value)` likewise."""
    return _words(value, repr)


def cleaned(value: Any) -> Any:
    """A JSON value with all that cannot be stored replaced: NUL, lone surrogates, NaN, infinity."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {_clean(str(name)): cleaned(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value


def fault(value: Any) -> str | None:
    """What in a JSON value cannot be stored, in words; None when all of it can."""
    if isinstance(value, str):
        return None if _clean(value) == value else f"{value[:100]!a} holds a NUL or lone surrogate"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{value} is no number in JSON"
    if isinstance(value, dict):
        return next(filter(None, map(fault, (*value, *value.values()))), None)
    if isinstance(value, list | tuple):
        return next(filter(None, map(fault, value)), None)
    return None


def _words(value: object, to_words: Callable[[object], str]) -> str:
    try:
        words = to_words(value)
    except Exception:  # noqa: BLE001 - whatever the classes of a project do
        words = f"({type(value).__name__} cannot be shown)"
    return _clean(words[:LONGEST])


def _clean(words: str) -> str:
    if words.isascii():
        return words.replace("\0", _REPLACEMENT)
    whole = words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", _REPLACEMENT)
