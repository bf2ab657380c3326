"""SQL in a string -> the tables that it names."""

from __future__ import annotations

import re

__all__ = ["tables_in", "writes_table"]

# Patterns are compiled when they are first used: many projects have no SQL.

# What may stand before a table's name. A NUL stands for what is put into the text at run time.
_NAME = r"""(?:["`\[]?\w+["`\]]?\.)?["`\[]?([\w\x00]+)["`\]]?"""
_TABLE = (
    r"(?i)\b(from|join|into|update|table(?:\s+if\s+exists)?|truncate(?:\s+table)?|using)\s+"
    rf"(?:only\s+)?{_NAME}((?:\s+(?:as\s+)?\w+)?(?:\s*,\s*{_NAME}(?:\s+(?:as\s+)?\w+)?)+)?"
)
_NEXT = rf",\s*{_NAME}"
_COMMENT = r"(?s)--[^\n]*|/\*.*?\*/"
_WORDS = frozenset(("select", "lateral", "unnest", "generate_series", "set", "where", "values"))


def tables_in(sql: str) -> list[str]:
    """Names that stand where a table's does, each once, in their order.

    A name of which a part is not known contains a NUL.
    """
    names: dict[str, None] = {}
    for match in re.finditer(_TABLE, re.sub(_COMMENT, " ", sql)):
        names[match[2]] = None
        for further in re.finditer(_NEXT, match[3] or ""):
            names[further[1]] = None
    return [name for name in names if name.lower() not in _WORDS]


def writes_table(sql: str, table: str) -> bool:
    """Whether the statement changes rows of `table`."""
    word = re.escape(table)
    return bool(
        re.search(
            rf"""\b(insert\s+into|update|delete\s+from|truncate(\s+table)?)\s+(only\s+)?["`\[]?{word}\b""",
            sql,
            re.IGNORECASE,
        )
    )
