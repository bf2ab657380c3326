"""Lines of source as an excerpt shows them: without common indentation, and without secrets."""

from __future__ import annotations

import sys
from functools import lru_cache

from ramet.likely_secrets import has_known_secret, has_named_secret

__all__ = ["excerpt"]

_WIDEST = 160
_HIDDEN = "(a line that may hold a secret)"


def excerpt(lines: list[str], at: int) -> str:
    """The text of some lines, "" of none; the one that it is about begins with "> "."""
    if not lines:
        return ""
    shown = [_shown(text) for text in lines]
    common = min(indent for indent, _ in shown)
    texts = [f"  {text[common:]}".rstrip() for _, text in shown]
    texts[at] = f"> {shown[at][1][common:]}".rstrip()
    return "\n".join(texts)


# Excerpts overlap, and looking for secrets takes longer than everything else here.
@lru_cache(4_096)
def _shown(text: str) -> tuple[int, str]:
    """How far a line is indented, and what is shown of it; one without text is so as far as any."""
    text = text.expandtabs(4)
    indent = len(text) - len(text.lstrip())
    if has_known_secret(text) or has_named_secret(text):
        return indent, " " * indent + _HIDDEN
    if len(text) > _WIDEST:
        text = text[: _WIDEST - 1] + "…"
    return (indent if indent < len(text) else sys.maxsize), text
