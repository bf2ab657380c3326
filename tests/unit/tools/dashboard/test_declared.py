"""What a project's code declares, read while it is being edited."""

import pytest

from ramet.tools.dashboard import declared
from ramet.tools.dashboard.declared import Project

TOML = """\
[system]
name = "pair"
settings = "pair.settings"

[services.left]
apps = ["left"]
routes = ["/left/"]

[services.right]
apps = ["right"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(declared, "_SECONDS_BETWEEN_LOOKS", 0.0)
    (tmp_path / "ramet.toml").write_text(TOML)
    for app in ("left", "right", "pair"):
        (tmp_path / app).mkdir()
        (tmp_path / app / "__init__.py").touch()
    (tmp_path / "pair" / "settings.py").touch()
    (tmp_path / "right" / "contract.py").write_text(
        "import ramet\n\nclass Right(ramet.Contract, version=1):\n    pass\n"
    )
    (tmp_path / "right" / "events.py").write_text("class Happened: ...\n")
    (tmp_path / "left" / "services.py").write_text("from right.contract import Right\n")
    return tmp_path


def test_calls_routes_and_subscriptions_are_read(folder):
    (folder / "left" / "handlers.py").write_text("\nfrom right.events import Happened\n")
    project = Project.beside(folder / ".ramet")
    assert (project.name, project.services) == ("pair", ("left", "right"))
    assert project.flows.calls == {
        ("left", "right"): "left/services.py:1",
        ("gateway", "left"): "ramet.toml, routes of left",
    }
    assert project.flows.events == {("right", "left"): "left/handlers.py:2"}


def test_an_edit_is_seen_and_half_an_edit_is_not(folder):
    project = Project.beside(folder / ".ramet")
    assert ("left", "right") in project.flows.calls
    (folder / "ramet.toml").write_text(TOML + "[services.")
    assert ("left", "right") in project.flows.calls
    (folder / "ramet.toml").write_text(TOML)
    (folder / "left" / "services.py").write_text("pass  # calls nobody any more\n")
    assert ("left", "right") not in project.flows.calls


def test_without_a_ramet_toml_nothing_is_declared(tmp_path):
    project = Project.beside(tmp_path / ".ramet")
    assert (project.name, project.services) == ("telemetry", ())
    assert project.flows.calls == {}
