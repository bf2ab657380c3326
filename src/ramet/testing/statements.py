"""The tables that one SQL statement reads and writes: enough of SQL to tell, and no more.

A parser would be exact and slow, and each database would want its own. Names count only where the
project's registry knows them as tables (`recording`), so a word taken by mistake does no harm.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["tables_of"]

_NAME = r'(?:"(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|\w+)'
_QUALIFIED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_ALIASED = rf"{_QUALIFIED}(?:\s+(?:AS\s+)?(?!(?:WHERE|JOIN|SET|ON|USING)\b){_NAME})?"
_NO_TABLES = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_PLACES = re.compile(
    r"\b(INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|FROM|JOIN|USING)"
    rf"\s+(?:ONLY\s+)?({_ALIASED}(?:\s*,\s*(?:ONLY\s+)?{_ALIASED})*)",
    re.IGNORECASE,
)
_FIRST = re.compile(_QUALIFIED)
_READING = ("FROM", "JOIN", "USING")


@lru_cache(maxsize=4096)
def tables_of(sql: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return what may be tables that `sql` reads, and those that it writes, without a schema."""
    reads: set[str] = set()
    writes: set[str] = set()
    for verb, names in _PLACES.findall(_NO_TABLES.sub(" ", sql)):
        found = reads if verb.upper() in _READING else writes
        for each in names.split(","):
            match = _FIRST.match(each.strip())
            if match:
                found.add(_bare(match.group()))
    return frozenset(reads), frozenset(writes)


def _bare(qualified: str) -> str:
    last: str = re.findall(_NAME, qualified)[-1]
    return last.strip('"`[]').replace('""', '"') if last[0] in '"`[' else last
