"""A file of the project is told from the project's folder on."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.test import override_settings

from ramet.placement import Here
from ramet.placement.environment import Environment
from ramet.telemetry.call_sites import from_project
from tests.unit.calls.test_fetching import SYSTEM


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("/srv/shop/orders/views.py", "orders/views.py"),
        ("/srv/shopping/views.py", "/srv/shopping/views.py"),
        ("/usr/lib/views.py", "/usr/lib/views.py"),
        ("<string>", "<string>"),
    ],
)
def test_the_folder_is_that_of_ramet_toml_else_base_dir(file: str, told: str) -> None:
    with override_settings(RAMET=None, BASE_DIR=Path("/srv/shop")):
        assert from_project(file) == told
    system = replace(SYSTEM, path=Path("/srv/shop/ramet.toml"))
    environment = Environment.read({"RAMET_SERVICES": "orders"}, system)
    place = Here(system, frozenset({"orders"}), "orders", environment)
    with override_settings(RAMET=place, BASE_DIR=Path("/srv")):
        assert from_project(file) == told


def test_without_such_a_folder_the_path_stays() -> None:
    with override_settings(RAMET=None, BASE_DIR=""):
        assert from_project("/srv/shop/views.py") == "/srv/shop/views.py"
