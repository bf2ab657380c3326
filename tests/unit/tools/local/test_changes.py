"""Which services a changed file belongs to."""

from pathlib import Path

import pytest

from ramet.system import System, load
from ramet.tools.local import changes

TOML = """
[system]
name = "shop"
settings = "shop.settings"

[services.users]
apps = ["shop.users", "django.contrib.auth"]

[services.orders]
apps = ["shop.orders"]
"""


@pytest.fixture
def system(tmp_path: Path) -> System:
    for app in ("users", "orders"):
        (tmp_path / "shop" / app).mkdir(parents=True)
        (tmp_path / "shop" / app / "__init__.py").touch()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "settings.py").touch()
    (tmp_path / "ramet.toml").write_text(TOML)
    return load(tmp_path / "ramet.toml")


@pytest.mark.parametrize(
    ("file", "services"),
    [
        ("shop/orders/views.py", {"orders"}),
        ("shop/orders/templates/orders/page.html", {"orders"}),
        ("shop/users/models.py", {"users"}),
        ("shop/money.py", None),
        ("shop/orders_report.py", None),
        ("manage.py", None),
    ],
)
def test_a_file_belongs_to_the_services_whose_apps_contain_it(
    system: System, file: str, services: set[str] | None
) -> None:
    assert changes.services_of(system, system.root / file) == services


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("shop/orders/views.py", True),
        ("shop/orders/page.html", True),
        ("shop/orders/notes.md", False),
        ("shop/.hidden/views.py", False),
        (".ramet/envoy/x.py", False),
        ("shop/__pycache__/views.py", False),
        ("web/node_modules/a/b.py", False),
    ],
)
def test_only_what_a_process_has_loaded_is_code(system: System, file: str, expected: bool) -> None:
    assert changes.is_code(system.root / file, system.root) is expected


def test_virtual_environments_and_hidden_folders_are_not_watched(system: System) -> None:
    for name in (".git", "env", "node_modules"):
        (system.root / name).mkdir()
    (system.root / "env" / "pyvenv.cfg").touch()
    assert changes.source_folders(system.root) == [system.root / "shop"]
