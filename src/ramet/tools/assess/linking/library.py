"""Modules beside the project's own, read one by one as something leads to them.

Python finds them on its search path: in folders that were named, in the virtual environment's
site-packages, and where packages that are installed there as editable have their source.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ramet.tools.assess.facts import Gap
from ramet.tools.assess.linking.editables import Place, find_editables
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.source.reading import Reader
from ramet.tools.assess.source.store import Store

__all__ = ["SearchPath", "find_search_path", "site_packages"]


def site_packages(venv: Path) -> list[Path]:
    """The folders of a virtual environment that packages are installed in."""
    folders = [*venv.glob("lib/python3*/site-packages"), venv / "Lib" / "site-packages"]
    if venv.name == "site-packages":
        folders.append(venv)
    return [folder for folder in folders if folder.is_dir()]


def find_search_path(
    root: Path,
    venv: Path | None,
    pythonpath: Sequence[Path],
    carried: Iterable[str],
    store: Store,
    gaps: list[Gap],
) -> SearchPath:
    """That of a project in `root`, of which what lies in there itself is no part.

    But what it carries along is: folders of installed packages. `gaps` gets what an environment
    has and cannot be read.
    """
    edited = [Place(folder.resolve()) for folder in pythonpath]
    site = site_packages(venv) if venv is not None else []
    if site:
        editables, unread = find_editables(site[0])
        edited += editables
        gaps += unread
    elif venv is not None:
        gaps.append(_no_site_packages(venv))
    return SearchPath(
        site[:1],
        [each for each in edited if not each.path.is_relative_to(root)],
        [Place(root / folder) for folder in carried],
        store,
    )


class SearchPath:
    """Folders that modules are looked for in. A module's path counts from its folder.

    `installed` are those that only an installer changes, `edited` and `carried` those that anybody
    does, before and after them.
    """

    def __init__(
        self,
        installed: Sequence[Path],
        edited: Sequence[Place],
        carried: Sequence[Place],
        store: Store,
    ) -> None:
        self._installed = installed
        self._edited = [*edited, *carried]
        self._places = [*edited, *map(Place, installed), *carried]
        self._readers = {
            place.folder: Reader(place.folder, store, is_own=False) for place in self._places
        }
        self._modules: dict[str, Module | None] = {}
        self._tops: dict[str, list[Place]] = {}

    def module(self, dotted: str) -> Module | None:
        """That of a dotted name; None where there is none or none needs to be read."""
        if dotted in self._modules:
            return self._modules[dotted]
        self._modules[dotted] = module = self._read(dotted)
        return module

    def state(self) -> list[tuple[str, int, int]]:
        """What changes when a file that may be read does: paths, with their times and sizes."""
        paths = [
            *self._installed,
            *(file for each in self._edited for file in each.files()),
        ]
        return [(str(path), (status := path.stat()).st_mtime_ns, status.st_size) for path in paths]

    def _read(self, dotted: str) -> Module | None:
        top = dotted.partition(".")[0]
        if top in sys.stdlib_module_names or (top == "django" and not _is_read(dotted)):
            return None
        if top not in self._tops:
            self._tops[top] = [place for place in self._places if place.has(top)]
        for place, candidate in _candidates(self._tops[top], dotted):
            if (place.folder / candidate).is_file():
                extract = self._readers[place.folder].read([candidate]).get(candidate)
                if extract is None:
                    return None
                is_package = candidate.endswith("__init__.py")
                return Module(dotted, candidate, "", is_package, False, extract)
        return None


def _candidates(places: Iterable[Place], dotted: str) -> Iterator[tuple[Place, str]]:
    for place in places:
        path = place.path_of(dotted)
        if path is not None:
            yield place, f"{path}/__init__.py"
            yield place, f"{path}.py"


def _is_read(dotted: str) -> bool:
    """Django's own machinery is known by name; only its apps have models to read."""
    return dotted.startswith("django.contrib.") and not dotted.startswith("django.contrib.gis")


def _no_site_packages(venv: Path) -> Gap:
    return Gap(
        kind="no-site-packages",
        file="",
        line=0,
        found=f"no lib/python3.*/site-packages in {venv.name}",
        why="Installed packages were not read.",
        remedy="Give the folder of the virtual environment with --venv.",
    )
