"""Asking the Django project of a system, in a process of its own: `ramet` itself never loads it."""

import os
import subprocess
import sys

from ramet.errors import DiagnosticError, Mistake
from ramet.system import System

__all__ = ["NOT_INSTALLED", "ask"]

NOT_INSTALLED = "ramet-not-installed"

# What would make the project a part of the system, or some other process of it.
_PLACE = ("RAMET_SERVICES", "RAMET_DATABASE_URL", "RAMET_MESH_URL", "RAMET_BROKER_URL")


_TRACEBACK = "Traceback (most recent call last):"


def ask(system: System, *arguments: str) -> str:
    """Standard output of `manage.py ARGUMENTS` with all services in one process.

    Raises DiagnosticError when it fails: with all of its standard error, or with the last lines
    where that is a traceback; with `NOT_INSTALLED` where the project does not have Ramet.
    """
    manage = system.root / "manage.py"
    if not manage.is_file():
        raise DiagnosticError(
            Mistake(
                "no-manage-py",
                where=str(system.root),
                found="no manage.py beside ramet.toml",
                expected="Django's manage.py in the folder of ramet.toml",
                remedy="Move ramet.toml beside manage.py, or create it as django-admin does.",
            )
        )
    environ = {name: value for name, value in os.environ.items() if name not in _PLACE}
    environ["RAMET_TOML"] = str(system.path)
    run = subprocess.run(
        [sys.executable, str(manage), *arguments],
        cwd=system.root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode == 0:
        return run.stdout
    if f"Unknown command: {arguments[0]!r}" in run.stderr:
        raise DiagnosticError(
            Mistake(
                NOT_INSTALLED,
                where=system.settings,
                found=f"a project without Ramet: manage.py has no {arguments[0]}",
                expected="settings that end with `ramet.place(globals())`, which installs it",
                remedy="End them so; then Django's own checks are asked as well.",
            )
        )
    raise DiagnosticError(
        Mistake(
            "project-does-not-start",
            where=f"manage.py {arguments[0]}",
            found=_told(run.stderr) or f"exit {run.returncode}",
            expected="a project that starts with all services in one process",
            remedy=f"Repair what is named; `python manage.py {arguments[0]}` shows all of it.",
        )
    )


def _told(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join(lines[-12:] if _TRACEBACK in lines else lines)
