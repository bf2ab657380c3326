"""A project's folder -> its files, each once, and what was passed over.

Folders that hold no source of the project are left out: hidden ones, virtual environments,
`node_modules`, caches, what Django itself is installed in. A symbolic link to a folder is followed
once, and never to one that is read anyway.
"""

from __future__ import annotations

import os
import stat
import time
from operator import attrgetter
from pathlib import Path

import msgspec

from ramet.tools.assess.facts import Gap, GapKind

__all__ = ["Files", "State", "state_of", "walk"]

# Larger ones are generated: no one writes 50,000 lines by hand, and reading them is slow.
LARGEST = 2_000_000

_PASSED_OVER = frozenset(
    (
        "__pycache__",
        "node_modules",
        "bower_components",
        "site-packages",
        "htmlcov",
        "__pypackages__",
    )
)
_ASSETS = frozenset(("static", "staticfiles", "assets", "media", "locale", "locales"))
_TEMPLATES = (".html", ".htm", ".txt", ".xml", ".jinja", ".jinja2", ".j2", ".djhtml", ".mjml")
_CONFIGURATION = frozenset(
    ("pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml", "ramet.toml", "setup.py", "Makefile")
)


State = tuple[int, int, int, int, int]
"""Where a file is and when it was written last: device, inode, size, and times in nanoseconds of
the last change of its content and of anything about it. The last one can be set by nobody."""


def state_of(status: os.stat_result) -> State:
    """The state of a file, of what the system says of it."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


class Files(msgspec.Struct):
    """Paths from the project's root, with `/`, sorted. `configuration` is that of tools.

    `installed` are folders of installed packages, which a project may carry along.
    `states` tell of Python files and templates whether they may have changed, as it was at or after
    the time `looked_at`, in nanoseconds since 1970.
    """

    python: list[str] = []
    states: dict[str, State] = {}
    looked_at: int = msgspec.field(default_factory=time.time_ns)
    templates: list[str] = []
    configuration: list[str] = []
    installed: list[str] = []
    gaps: list[Gap] = []


def walk(root: Path) -> Files:
    """All files under a folder. What cannot be entered or is too large becomes a Gap."""
    files = Files()
    _Walk(root, files).enter(str(root), "", frozenset((os.path.realpath(root),)))
    for paths in (files.python, files.templates, files.configuration):
        paths.sort()
    return files


def _holds_assets(path: str, names: set[str]) -> bool:
    """Whether it is for browsers and translators: thousands of files, none of them source."""
    return path.rpartition("/")[2] in _ASSETS and not any(n.endswith(".py") for n in names)


def _holds_django(folder: str, names: set[str]) -> bool:
    return "django" in names and os.path.isfile(f"{folder}/django/db/models/__init__.py")


def _is_text(name: str) -> bool:
    # What is no UTF-8 has lone surrogates in its place, which no report can be written with.
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)


_NAME = attrgetter("name")


class _Walk:
    def __init__(self, root: Path, files: Files) -> None:
        self.root = os.path.realpath(root)
        self.files = files
        self.linked: set[str] = set()

    def enter(self, folder: str, path: str, above: frozenset[str]) -> None:
        try:
            entries = sorted(os.scandir(folder), key=_NAME)
        except OSError as error:
            self._gap("unreadable-folder", path, str(error.strerror), "Let it be read.")
            return
        names = {entry.name for entry in entries}
        if path and ("pyvenv.cfg" in names or _holds_assets(path, names)):
            return
        if path and _holds_django(folder, names):
            self.files.installed.append(path)
            return
        for entry in entries:
            name = entry.name
            if name[0] == ".":
                continue
            inner = f"{path}/{name}" if path else name
            if not _is_text(name):
                self._unnamed(inner)
            elif entry.is_dir(follow_symlinks=False):
                if name not in _PASSED_OVER:
                    self.enter(entry.path, inner, above)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                self._follow(entry, inner, above)
            else:
                self._file(entry, inner, path)

    def _follow(self, entry: os.DirEntry[str], path: str, above: frozenset[str]) -> None:
        real = os.path.realpath(entry.path)
        here = os.path.realpath(os.path.dirname(entry.path))
        if real in above or f"{here}{os.sep}".startswith(f"{real}{os.sep}"):
            self._gap(
                "symlink-cycle",
                path,
                "a symbolic link to a folder that it is in itself",
                "Nothing is lost: what it leads to is read under its own name.",
            )
        elif not real.startswith(self.root + os.sep) and real not in self.linked:
            self.linked.add(real)
            self.enter(entry.path, path, above | {real})

    def _file(self, entry: os.DirEntry[str], path: str, folder: str) -> None:
        name = entry.name
        if name.endswith(".py"):
            of = self.files.python
        elif name.endswith(_TEMPLATES) and ("templates" in folder or "jinja" in folder):
            of = self.files.templates
        elif name in _CONFIGURATION:
            of = self.files.configuration
        else:
            return
        try:
            status = entry.stat()
        except OSError:  # it leads nowhere, or round and round
            self._gap("broken-link", path, "a link that leads nowhere", "Mend or remove it.")
            return
        if not stat.S_ISREG(status.st_mode):
            # Whoever opens a pipe waits for somebody to write into it.
            self._gap("not-a-file", path, "a pipe, socket or device", "Remove it from the project.")
        elif status.st_size > LARGEST:
            self._gap(
                "too-large",
                path,
                f"{status.st_size / 1_000_000:.1f} MB of Python, which no one writes by hand",
                "Move what is written by hand in it to a file of its own.",
            )
        else:
            of.append(path)
            if of is not self.files.configuration:
                self.files.states[path] = state_of(status)

    def _unnamed(self, path: str) -> None:
        self._gap(
            "file-name",
            os.fsencode(path).decode(errors="backslashreplace"),
            "a name that is no UTF-8",
            "Rename it.",
        )

    def _gap(self, kind: GapKind, path: str, found: str, remedy: str) -> None:
        why = "What it holds is not in this report."
        self.files.gaps.append(
            Gap(kind=kind, file=path, line=0, found=found, why=why, remedy=remedy)
        )
