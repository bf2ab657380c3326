"""The lines of source that a cut is about, so that a reader need not open the file."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path

import msgspec

from ramet.system.detecting import has_known_secret, has_named_secret
from ramet.tools.assess.findings import Cut

__all__ = ["with_excerpts"]

_AROUND = 2
_WIDEST = 160
_LARGEST_FILE = 4_000_000
_HIDDEN = "(a line that may hold a secret)"


def with_excerpts(cuts: list[Cut], root: Path) -> list[Cut]:
    """The same with up to five lines around each cut's line, their common indentation taken away.

    The line itself begins with "> ", the others with two blanks. A file outside `root`, one that
    cannot be read and a line that is not there have no excerpt. A line that may hold a secret is
    not shown: a report leaves the machine.
    """
    lines_of = _Lines(root)
    excerpts: dict[tuple[str, int], str] = {}
    for cut in cuts:
        place = (cut.edge.file, cut.edge.line)
        if place not in excerpts:
            excerpts[place] = _excerpt(lines_of[place[0]], place[1])
    return [
        msgspec.structs.replace(cut, excerpt=excerpts[cut.edge.file, cut.edge.line]) for cut in cuts
    ]


class _Lines(dict[str, list[str]]):
    """The lines of files by their names, none of one that is not to be read."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._real_folders: dict[str, str] = {}

    def __missing__(self, name: str) -> list[str]:
        self[name] = lines = self._read(name) if name else []
        return lines

    def _read(self, name: str) -> list[str]:
        path = os.path.join(self._root, name)
        try:
            if not self._is_inside(path) or os.stat(path).st_size > _LARGEST_FILE:
                return []
            with open(path, "rb") as file:
                content = file.read()
        except (OSError, ValueError):
            return []
        return content.decode("utf-8-sig", "replace").splitlines()

    def _is_inside(self, path: str) -> bool:
        """Whether it is in the project, wherever links lead. A folder is followed once."""
        folder, name = os.path.split(path)
        if folder not in self._real_folders:
            self._real_folders[folder] = os.path.realpath(folder)
        real = os.path.join(self._real_folders[folder], name)
        if os.path.islink(real) or name in ("", ".", ".."):
            real = os.path.realpath(real)
        return real.startswith(os.path.join(self._root, ""))


def _excerpt(lines: list[str], line: int) -> str:
    if not 1 <= line <= len(lines):
        return ""
    first = max(0, line - 1 - _AROUND)
    shown = [_shown(text) for text in lines[first : line + _AROUND]]
    common = min(indent for indent, _ in shown)
    excerpt = [f"  {text[common:]}".rstrip() for _, text in shown]
    at = line - 1 - first
    excerpt[at] = f"> {shown[at][1][common:]}".rstrip()
    return "\n".join(excerpt)


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
