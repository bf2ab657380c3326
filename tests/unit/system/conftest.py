"""A folder that holds what a small ramet.toml names."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.system import System, load

MINIMAL = """\
[system]
name     = "shop"
settings = "shop.settings"

[services.orders]
apps = ["shop.orders"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a package shop with settings and four apps."""
    for app in ("users", "products", "orders", "payments"):
        (tmp_path / "shop" / app).mkdir(parents=True)
        (tmp_path / "shop" / app / "__init__.py").touch()
    (tmp_path / "shop" / "settings.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Callable[[str], System]:
    """Load a text as the folder's ramet.toml."""

    def reading(text: str) -> System:
        (folder / "ramet.toml").write_text(text)
        return load()

    return reading


@pytest.fixture
def refusal(read: Callable[[str], System]) -> Callable[[str], str]:
    """What a user is told about a text that is not accepted."""

    def refusing(text: str) -> str:
        with pytest.raises(DiagnosticError) as raised:
            read(text)
        return str(raised.value)

    return refusing
