"""What one key of `ramet.toml` is: its kind, its pattern, and the words to explain it with."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["ORIGIN", "ROUTE", "SERVICE_NAME", "Key"]

SERVICE_NAME = r"[a-z](-?[a-z0-9]){0,39}"
ROUTE = r"/((?!\.{1,2}/)[A-Za-z0-9._~-]+/)*"
ORIGIN = r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table. `pattern` is a regular expression for the whole of each string.

    It is written so that Python and ECMA-262 (which JSON Schema uses) read it alike.
    `expected` says in words what the pattern says. `planned` is a pattern of values that have a
    meaning but nothing behind them yet: they are refused, as nothing would be done with them.
    A "share" is a number from 0 to 1. A "table" has `keys` of its own instead of all these.
    """

    name: str
    kind: Literal["string", "strings", "boolean", "share", "table"]
    description: str
    expected: str = ""
    pattern: str = r".+"
    example: str | tuple[str, ...] = ""
    required: bool = False
    planned: str = ""
    keys: "tuple[Key, ...]" = ()
