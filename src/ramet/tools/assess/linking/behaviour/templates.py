"""Templates: what each includes and extends, the URLs and permissions that it names.

Templates are read with a few patterns and not parsed: a name that is put together at run time is
left out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["TemplateUse", "name_of", "template_uses"]

# Patterns are compiled when they are first used: what templates say is kept from run to run.
_USE = r"""(?s)\{%-?\s*(extends|include|url|static|load)\s+(?:(["'])(.*?)\2|([^%]*?)\s*-?%\})"""
_PERMISSION = r"\bperms\.(\w+)\.(\w+)"
_FOLDERS = ("/templates/", "/jinja2/")


class TemplateUse(NamedTuple):
    """`kind` is extends, include, url, static, load or permission."""

    kind: str
    name: str
    line: int


def template_uses(text: str) -> list[TemplateUse]:
    """What a template names, in order."""
    uses = []
    line, start = 1, 0
    if "{%" in text:
        for match in re.finditer(_USE, text):
            line += text.count("\n", start, match.start())
            start = match.start()
            if match[3] is not None:
                if match[1] != "load":
                    uses.append(TemplateUse(match[1], match[3], line))
            elif match[1] == "load":
                words = match[4].split()
                libraries = words[words.index("from") + 1 :] if "from" in words else words
                uses += [TemplateUse("load", word, line) for word in libraries]
    if "perms." in text:
        for match in re.finditer(_PERMISSION, text):
            line = text.count("\n", 0, match.start()) + 1
            uses.append(TemplateUse("permission", f"{match[1]}.{match[2]}", line))
    return uses


def name_of(path: str) -> str | None:
    """The name under which Django's loader finds a template, from its path."""
    for folder in _FOLDERS:
        _, found, name = f"/{path}".rpartition(folder)
        if found:
            return name
    return None
