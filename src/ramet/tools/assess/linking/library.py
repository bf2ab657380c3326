"""Modules of a virtual environment, read one by one as something leads to them."""

from __future__ import annotations

import sys
from pathlib import Path

from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.source.reading import Reader
from ramet.tools.assess.source.store import Store

__all__ = ["SitePackages", "site_packages"]


def site_packages(venv: Path) -> list[Path]:
    """The folders of a virtual environment that packages are installed in."""
    folders = [*venv.glob("lib/python3*/site-packages"), venv / "Lib" / "site-packages"]
    if venv.name == "site-packages":
        folders.append(venv)
    return [folder for folder in folders if folder.is_dir()]


class SitePackages:
    """What is installed under one folder. Paths count from it."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.reader = Reader(folder, store, is_own=False)
        self.folder = folder
        self._modules: dict[str, Module | None] = {}
        self._tops: dict[str, bool] = {}

    def module(self, dotted: str) -> Module | None:
        """That of a dotted name; None where none is installed or none needs to be read."""
        if dotted in self._modules:
            return self._modules[dotted]
        self._modules[dotted] = module = self._read(dotted)
        return module

    def _read(self, dotted: str) -> Module | None:
        top = dotted.partition(".")[0]
        if top in sys.stdlib_module_names or (top == "django" and not _is_read(dotted)):
            return None
        if top not in self._tops:
            self._tops[top] = (self.folder / top).is_dir() or (self.folder / f"{top}.py").is_file()
        if not self._tops[top]:
            return None
        path = dotted.replace(".", "/")
        for candidate, is_package in ((f"{path}/__init__.py", True), (f"{path}.py", False)):
            if (self.folder / candidate).is_file():
                extract = self.reader.read([candidate]).get(candidate)
                if extract is None:
                    return None
                return Module(dotted, candidate, "", is_package, False, extract)
        return None


def _is_read(dotted: str) -> bool:
    """Django's own machinery is known by name; only its apps have models to read."""
    return dotted.startswith("django.contrib.") and not dotted.startswith("django.contrib.gis")
