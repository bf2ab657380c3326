"""The small project that placement is tried on."""

from pathlib import Path

import pytest

from tests.unit.placement.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy, that a test may change."""
    return Project(tmp_path / "p")
