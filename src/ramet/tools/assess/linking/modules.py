"""Paths of files -> dotted names, wherever a project keeps its packages.

A folder from which names count (an import root) is one of: the project's own folder, one with a
`manage.py`, and the folder of a package's topmost `__init__.py`. Where the project's folder is
itself a package, as that of an unpacked wheel, names count from above it. Names that somebody gave
are found from further folders too, and nothing is named from there by that alone.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from ramet.tools.assess.linking.asked import Asked
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.source.extract import Extract

__all__ = [
    "ABOVE",
    "files_of",
    "homes",
    "import_roots",
    "is_migration",
    "is_test",
    "is_test_package",
    "name_modules",
    "roots_of_names",
]

ABOVE = ".."
"""The import root above the project's folder."""

_TEST_FOLDER = re.compile(
    r"tests?|testing|test_?(apps?|utils?|project|site|support|helpers?)"
    r"|(unit|functional|integration|acceptance)_?tests?"
)

# What such a package lies in is an app, though it may have no `__init__.py` of its own.
_WITHIN_APPS = frozenset(("management", "migrations", "templatetags", "tests"))


def is_test(path: str) -> bool:
    """Whether a file is one of tests, by the names that pytest and unittest look for."""
    folder, _, name = path.rpartition("/")
    return _is_of_tests(folder) or _is_called_test(name)


def _is_called_test(name: str) -> bool:
    return (
        name.startswith(("test_", "conftest."))
        or name.endswith(("_test.py", "_tests.py"))
        or name in ("tests.py", "test.py")
    )


@cache
def _is_of_tests(folder: str) -> bool:
    return any(map(_TEST_FOLDER.fullmatch, folder.split("/")))


def is_test_package(package: str) -> bool:
    """The same of the modules of a package, by its dotted name."""
    return is_test(f"{package.replace('.', '/')}/x.py")


def is_migration(path: str) -> bool:
    """Whether a file is a migration of a database's schema, Django's or South's."""
    return _is_of_migrations(path.rpartition("/")[0])


@cache
def _is_of_migrations(folder: str) -> bool:
    folders = folder.split("/")
    return "migrations" in folders or folders[-1] in ("south_migrations", "django_migrations")


def import_roots(root: Path, paths: Iterable[str]) -> list[str]:
    """The import roots, those that matter most first; "" is the project's folder itself."""
    paths = list(paths)
    packages = {path.rpartition("/")[0] for path in paths if path.endswith("__init__.py")}
    roots: list[str] = []
    if "" in packages:
        roots.append(ABOVE)
    managed = [p.rpartition("/")[0] for p in paths if p.rpartition("/")[2] == "manage.py"]
    for folder in sorted(managed, key=lambda folder: folder.count("/")):
        if folder not in packages and folder not in roots:
            roots.append(folder)
    if "" not in packages and "" not in roots:
        roots.append("")
    # A topmost package's folder is on the path, or could not be imported at all. Those of tests
    # and samples come last.
    above = {
        _parent(package)
        for package in packages
        if package and package.rpartition("/")[2] not in _WITHIN_APPS
    } - packages
    for folder in sorted(
        above, key=lambda folder: (is_test(folder + "/x.py"), folder.count("/"), folder)
    ):
        if folder not in roots:
            roots.append(folder)
    return roots


def roots_of_names(
    names: Iterable[str], named: Mapping[str, list[Module]], paths: Iterable[str]
) -> list[str]:
    """Folders that given names of modules count from, of those that are in no import root.

    Each has a `manage.py`, which puts it on the path though it may be a package, or is a `src`.
    """
    unknown = [name for name in names if name not in named]
    if not unknown:
        return []
    paths = frozenset(paths)
    starts = {p.rpartition("/")[0] for p in paths if p.rpartition("/")[2] == "manage.py"}
    starts.update(f"{before}src" for p in paths if (before := _before_src(p)) is not None)
    return [
        start
        for name in unknown
        for start in sorted(starts)
        if not paths.isdisjoint(files_of(name, start))
    ]


def _before_src(path: str) -> str | None:
    before, src, _ = f"/{path}".partition("/src/")
    return f"{before}/".lstrip("/") if src else None


def files_of(name: str, start: str) -> tuple[str, str]:
    """The files that a module of a dotted name may be, counted from a folder."""
    inner = f"{start}/{name.replace('.', '/')}".lstrip("/")
    return f"{inner}.py", f"{inner}/__init__.py"


def homes(
    entries: Iterable[str], named: Mapping[str, list[Module]], paths: Iterable[str]
) -> dict[str, str]:
    """Folders of packages that INSTALLED_APPS names from another import root, with that root.

    `apps/shop` is `apps.shop` to one project and `shop` to another which puts `apps` on the path by
    itself; which of them it is only INSTALLED_APPS tells, by most of its packages there.
    """
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in folders and not is_test(path):
            folders.add(folder)
    found: dict[str, str] = {}
    nested: dict[str, str] = {}
    in_place: list[str] = []
    for entry in entries:
        parts = entry.split(".")
        package = next(
            (name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in named), None
        )
        if package is not None:
            module = named[package][0]
            folder = module.path.rpartition("/")[0]
            if module.name != package and module.is_package and len(folder) >= len(package):
                found[folder] = folder[: -len(package)].rstrip("/")
            else:
                in_place.append(folder)
        elif parts[0] not in sys.stdlib_module_names and parts[0] != "django":
            nested.update(_nested(entry.replace(".", "/"), folders))
    supporters = Counter(nested.values())
    for folder, start in nested.items():
        if supporters[start] > sum(each.startswith(start + "/") for each in in_place):
            found[folder] = start
    return found


def _nested(package: str, folders: set[str]) -> dict[str, str]:
    """A folder somewhere in the project that can be the package: one with a name of its own."""
    names = [package, package.rpartition("/apps/")[0]]
    for name in filter(None, names):
        ends = sorted(folder for folder in folders if folder.endswith("/" + name))
        if len(ends) == 1:
            return {ends[0]: ends[0][: -len(name)].rstrip("/")}
    return {}


def name_modules(
    root: Path,
    extracts: Mapping[str, Extract],
    roots: list[str],
    homes: Mapping[str, str] | None = None,
    further_roots: Iterable[str] = (),
    asked: Asked | None = None,
) -> dict[str, list[Module]]:
    """Every module by each of its dotted names, the best one first in each list.

    A module has one name of its own, from the innermost import root that it is in and whose folders
    down to it are packages, unless `homes` has another root for the folder it is in; it is found by
    its names from other roots too, of which `further_roots` are no more than that.
    """
    homes = homes or {}
    order = {each: at for at, each in enumerate(dict.fromkeys([*roots, *homes.values()]))}
    naming = len(order)
    for each in further_roots:
        order.setdefault(each, len(order))
    named: dict[str, list[Module]] = {}
    further: dict[str, list[Module]] = {}
    folders: dict[str, _Folder] = {}
    for path, extract in extracts.items():
        above, _, file = path.rpartition("/")
        folder = folders.get(above)
        if folder is None:
            home = _home(above, homes) if homes else None
            folder = folders[above] = _Folder(root, above, order, naming, home)
        candidates = folder.names(file)
        if not candidates:
            continue
        own_root, own_name = candidates[0]
        if len(candidates) > 1:
            own_root, own_name = max(candidates, key=lambda pair: folder.weights[pair[0]])
        module = Module(
            name=own_name,
            path=path,
            root="" if own_root == ABOVE else own_root,
            is_package=file == "__init__.py",
            is_own=True,
            extract=extract,
            is_test=folder.is_of_tests or _is_called_test(file),
            is_migration=folder.is_of_migrations,
            asked=asked,
        )
        named.setdefault(own_name, []).append(module)
        for _, name in candidates:
            if name != own_name:
                further.setdefault(name, []).append(module)
    for name, modules in further.items():
        if name not in named:
            named[name] = modules
    for modules in named.values():
        if len(modules) > 1:
            modules.sort(key=lambda module: (module.is_test, module.path.count("/"), module.path))
    return named


class _Folder:
    """What the names of a folder's modules begin with, from each root that it may be under."""

    def __init__(
        self, root: Path, path: str, order: Mapping[str, int], naming: int, home: str | None
    ) -> None:
        self._starts: list[tuple[str, str, bool]] = []
        self.weights: dict[str, tuple[bool, bool, int, int]] = {}
        self.is_of_tests = _is_of_tests(path)
        self.is_of_migrations = _is_of_migrations(path)
        for each in _above(path, order):
            inner = path
            if each == ABOVE:
                inner = f"{root.name}/{path}".rstrip("/")
            elif each:
                inner = path[len(each) + 1 :]
            parts = inner.split("/") if inner else []
            self._starts.append((each, ".".join(parts), all(map(str.isidentifier, parts))))
            self.weights[each] = _weight(each, order, naming, home)

    def names(self, file: str) -> list[tuple[str, str]]:
        """The dotted names of a file in it, each with the root that it counts from.

        A script such as `bin/do-it.py` has one though no one can import it: it imports others.
        """
        stem = file[:-3]
        found = []
        for each, start, can_be_imported in self._starts:
            name = start
            if stem != "__init__":
                name = f"{start}.{stem}" if start else stem
                can_be_imported = can_be_imported and stem.isidentifier()
            if name and (can_be_imported or each in ("", ABOVE)):
                found.append((each, name))
        return found


def _above(folder: str, order: Mapping[str, int]) -> list[str]:
    """Those roots that a folder is, or may be under, in their order."""
    found = [each for each in ("", ABOVE) if each in order]
    while folder:
        if folder in order:
            found.append(folder)
        folder = folder.rpartition("/")[0]
    return sorted(found, key=order.__getitem__)


def _home(folder: str, homes: Mapping[str, str]) -> str | None:
    while folder:
        if folder in homes:
            return homes[folder]
        folder = folder.rpartition("/")[0]
    return None


def _weight(
    each: str, order: Mapping[str, int], naming: int, home: str | None
) -> tuple[bool, bool, int, int]:
    """How much a root is the one to name a module from; the first `naming` ones are for that."""
    depth = -1 if each == ABOVE else each.count("/") + 1 if each else 0
    at = order[each]
    return each == home, at < naming, depth, -at


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]
