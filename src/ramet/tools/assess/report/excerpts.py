"""The lines of source that a cut is about, so that a reader need not open the file.

They are read in every run, and made fit to be shown (`showing`) where any of a file's is another.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import msgspec

from ramet.tools.assess.findings import Cut
from ramet.tools.assess.source.store import Store

__all__ = ["with_excerpts"]

_AROUND = 2
_LARGEST_FILE = 4_000_000


def with_excerpts(cuts: list[Cut], root: Path, store: Store | None = None) -> list[Cut]:
    """The same with up to five lines around each cut's line, their common indentation taken away.

    The line itself begins with "> ", the others with two blanks. A file outside `root`, one that
    cannot be read and a line that is not there have no excerpt. A line that may hold a secret is
    not shown: a report leaves the machine. `store` keeps what was shown of the same lines.
    """
    store = store or Store()
    lines_of = _Lines(root)
    excerpts: dict[tuple[str, int], str] = {}
    for file, places in _by_file(cuts).items():
        found = [_around(lines_of[file], line) for line in places]
        shown = store.remembered("excerpts", found, list[str], partial(_shown, found))
        excerpts |= zip(((file, line) for line in places), shown, strict=True)
    return [
        msgspec.structs.replace(cut, excerpt=excerpts[cut.edge.file, cut.edge.line]) for cut in cuts
    ]


def _by_file(cuts: Iterable[Cut]) -> dict[str, list[int]]:
    """The lines of each file that cuts are at, each once."""
    lines: defaultdict[str, dict[int, None]] = defaultdict(dict)
    for cut in cuts:
        lines[cut.edge.file][cut.edge.line] = None
    return {file: list(each) for file, each in lines.items()}


def _around(lines: list[str], line: int) -> tuple[list[str], int]:
    """The lines around one, and which of them it is; none where there is no such line."""
    if not 1 <= line <= len(lines):
        return [], 0
    first = max(0, line - 1 - _AROUND)
    return lines[first : line + _AROUND], line - 1 - first


def _shown(found: list[tuple[list[str], int]]) -> list[str]:
    # What recognises secrets takes longer to import than most runs have for all their excerpts.
    from ramet.tools.assess.report.showing import excerpt

    return [excerpt(lines, at) for lines, at in found]


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
