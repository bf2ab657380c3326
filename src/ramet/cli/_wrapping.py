"""Text in lines as wide as the terminal, for every page of help."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

__all__ = ["filled", "table"]

_WIDEST = 100


def filled(text: str, first: str = "", others: str = "") -> str:
    """A paragraph; `first` stands before its first line, `others` before each further one."""
    return textwrap.fill(
        text,
        _width(),
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns; what is too long for the first one begins the second one later."""
    first = min(max(len(left) for left, _ in rows), _width() // 3) + 4
    return "\n".join(filled(right, f"  {left}  ".ljust(first), " " * first) for left, right in rows)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST)
