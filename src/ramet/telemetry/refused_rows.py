"""Takes the values of rows out of what PostgreSQL says of an error, in whatever language it does.

Its messages follow the server's `lc_messages`; only their parts are named
(https://www.postgresql.org/docs/current/protocol-error-fields.html), and psycopg has each alone.
Which table, column and constraint it was stays: those are in the message, and no values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ramet.telemetry.secret_names import REDACTED

__all__ = ["without_values"]

_MOST = 20  # exceptions of one chain
_WITH_VALUES = ("message_detail", "context")
# "Key (name, sku)=(Ann, 12) already exists": names of columns, then their values. Or a whole row.
_KEY = re.compile(r"(\([^\n=]{1,500}\)=\().*\)", re.DOTALL)
_ROW = re.compile(r"(\().*\)", re.DOTALL)
_DATA = "22"
"""The class of errors about a value itself, such as text that is no JSON: it may be anywhere in the
detail (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def without_values(text: str, error: BaseException) -> str:
    """A text that tells of `error`, such as its traceback, without those values."""
    for each in _chain(error):
        diag = getattr(each, "diag", None)
        if diag is None:
            continue
        for name in _WITH_VALUES:
            said = getattr(diag, name, None)
            if isinstance(said, str) and said:
                masked = _masked(said, diag)
                # As it is, and as in the `repr` of the exception.
                text = text.replace(said, masked).replace(repr(said)[1:-1], masked)
    return text


def _masked(said: str, diag: Any) -> str:
    if str(getattr(diag, "sqlstate", None) or "").startswith(_DATA):
        return REDACTED
    pattern = _KEY if _KEY.search(said) else _ROW
    return pattern.sub(rf"\1{REDACTED})", said, count=1)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """It, and what a traceback tells with it: causes, contexts, members of groups."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting and len(seen) < _MOST:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
