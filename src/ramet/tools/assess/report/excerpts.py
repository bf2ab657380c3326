"""The lines of source that a cut is about, so that a reader need not open the file.

A file is read where its state is not as the last run has seen it, and its lines are made fit to be
shown (`showing`) where any of them is another.
"""

from __future__ import annotations

import os
import stat
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ramet.tools.assess.findings import Cut
from ramet.tools.assess.source.store import Store, key_of
from ramet.tools.assess.source.untouched import has_rested
from ramet.tools.assess.source.walking import State, state_of

__all__ = ["with_excerpts"]

_AROUND = 2
_LARGEST_FILE = 4_000_000
_KEY = key_of(b"excerpts")


class _Shown(msgspec.Struct, array_like=True, gc=False):
    """What is shown of a file: the `excerpts` of its `lines`, made of what has the key `of`.

    `state` is that of the file, None where it is not to be believed.
    """

    lines: list[int]
    state: State | None
    of: bytes
    excerpts: list[str]


_SHOWN = msgspec.msgpack.Decoder(dict[str, _Shown])


def with_excerpts(cuts: list[Cut], root: Path, store: Store | None = None) -> list[Cut]:
    """The same with up to five lines around each cut's line, their common indentation taken away.

    The line itself begins with "> ", the others with two blanks. A file outside `root`, one that
    cannot be read and a line that is not there have no excerpt. A line that may hold a secret is
    not shown: a report leaves the machine. `store` keeps what was shown of the same lines.
    """
    store = store or Store()
    entry = store.get(_KEY)
    before = _SHOWN.decode(entry) if entry is not None else {}
    files = _Files(root)
    now = {
        file: files.shown(file, lines, before.get(file)) for file, lines in _by_file(cuts).items()
    }
    if now != before:
        store.put(_KEY, msgspec.msgpack.encode(now))
    excerpts = {
        (file, line): excerpt
        for file, each in now.items()
        for line, excerpt in zip(each.lines, each.excerpts, strict=True)
    }
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


def _excerpts(found: list[tuple[list[str], int]]) -> list[str]:
    # Most runs after the first have no line to recognise secrets in.
    from ramet.tools.assess.report.showing import excerpt

    return [excerpt(lines, at) for lines, at in found]


class _Files:
    """The files of a project by their names."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._within = os.path.join(self._root, "")
        self._real_folders = {self._root: self._root}
        self._own_folders: dict[str, bool] = {}
        self._looked_at = time.time_ns()

    def shown(self, name: str, lines: list[int], before: _Shown | None) -> _Shown:
        """What is shown of some lines of a file, as `before` where that is the same."""
        state = self._state(name) if name else None
        if before is not None and before.lines == lines and before.state == state is not None:
            return before
        read = self._read(os.path.join(self._root, name)) if name else []
        found = [_around(read, line) for line in lines]
        of = key_of(msgspec.msgpack.encode(found))
        excerpts = before.excerpts if before is not None and before.of == of else _excerpts(found)
        if state is not None and not has_rested(state, self._looked_at):
            state = None
        return _Shown(lines, state, of, excerpts)

    def _state(self, name: str) -> State | None:
        """That of a file in the project, not of a link, which may lead elsewhere at any time."""
        folder = name.rpartition("/")[0]
        is_own = self._own_folders.get(folder)
        if is_own is None:
            is_own = self._holds(self._folder(os.path.dirname(os.path.join(self._root, name))))
            self._own_folders[folder] = is_own
        if not is_own:
            return None
        try:
            status = os.lstat(f"{self._within}{name}")
        except (OSError, ValueError):
            return None
        return state_of(status) if stat.S_ISREG(status.st_mode) else None

    def _read(self, path: str) -> list[str]:
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
        real = os.path.join(self._folder(folder), name)
        if os.path.islink(real) or name in ("", ".", ".."):
            real = os.path.realpath(real)
        return self._holds(real)

    def _holds(self, real: str) -> bool:
        return real == self._root or real.startswith(self._within)

    def _folder(self, path: str) -> str:
        """Where a folder really is."""
        real = self._real_folders.get(path)
        if real is None:
            above, name = os.path.split(path)
            if name in ("", ".", ".."):
                real = os.path.realpath(path)
            else:
                real = os.path.join(self._folder(above), name)
                if os.path.islink(real):
                    real = os.path.realpath(real)
            self._real_folders[path] = real
        return real
