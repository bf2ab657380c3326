"""A project's folder in which `ramet.toml` is valid: packages without anything in them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.tools.assess.findings import Report
from tests.unit.tools.assess.report.made_up import made_up


@pytest.fixture
def report() -> Report:
    """Six apps in two candidates, of which the first is recommended and the second pinned."""
    return made_up()


@pytest.fixture
def folder(tmp_path: Path, report: Report) -> Path:
    for app in report.apps:
        (tmp_path / app.file).mkdir(parents=True)
    (tmp_path / "made/settings.py").touch()
    (tmp_path / "manage.py").touch()
    return tmp_path


@pytest.fixture
def declare(folder: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = folder / "ramet.toml"
        path.write_text('[system]\nname = "made-up"\nsettings = "made.settings"\n\n' + text)
        return path

    return write
