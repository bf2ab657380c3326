"""Commands run as a person runs them: in a process of their own, in a project's folder."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.placement.project import Project

Ramet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The small project of the tests of placement."""
    return Project(tmp_path / "p")


@pytest.fixture
def ramet(tmp_path: Path) -> Ramet:
    """Run `ramet ARGUMENTS`, in the project's folder when there is one."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "p"
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("RAMET_", "DJANGO_"))}
        return subprocess.run(
            [sys.executable, "-c", "import sys, ramet.cli; sys.exit(ramet.cli.main())", *arguments],
            cwd=folder if folder.is_dir() else tmp_path,
            env=environ | {"COLUMNS": "100"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
