"""Where a project's `ramet.toml` is. It stands alone, because most projects have none: reading one
takes importing all that may be in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ramet.tools.assess.facts import App

__all__ = ["FILE_NAME", "home"]

FILE_NAME = "ramet.toml"
"""As `ramet.system.reading` has it."""


def home(root: Path, apps: Sequence[App]) -> Path:
    """The folder for a project's `ramet.toml`: that of manage.py, from where its apps are imported.

    Where there is no manage.py it follows from an app's package and folder.
    """
    if (root / FILE_NAME).is_file() or (root / "manage.py").is_file():
        return root
    found = sorted(
        (path for depth in ("*", "*/*", "*/*/*") for path in root.glob(f"{depth}/manage.py")),
        key=lambda path: (len(path.parts), path),
    )
    if found:
        return found[0].parent
    for app in apps:
        package = app.package.replace(".", "/")
        if app.is_own and (app.file == package or app.file.endswith("/" + package)):
            return root / app.file.removesuffix(package)
    return root
