"""The commands of the local system when there is no local system, or something is misspelt."""

import functools
import json
import socket
from pathlib import Path

import pytest

from ramet.cli import _local
from ramet.errors import DiagnosticError
from ramet.tools.local import control
from ramet.tools.local.folder import Folder
from tests.unit.cli.conftest import Ramet
from tests.unit.placement.project import Project

pytestmark = pytest.mark.usefixtures("project")


def test_status_of_a_system_that_is_down_is_exit_code_1(ramet: Ramet) -> None:
    done = ramet("status")
    assert done.returncode == 1
    assert "is not running; `ramet up` starts it" in done.stdout
    as_json = ramet("status", "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["processes"] == []


def test_down_of_a_system_that_is_down_is_done(ramet: Ramet) -> None:
    done = ramet("down")
    assert done.returncode == 0
    assert "was not running" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("restart", "orders"),
        ("scale", "orders=2"),
        ("stop", "orders"),
        ("start", "orders"),
        ("fault",),
        ("fault", "orders", "--gone"),
        ("maintenance", "on"),
        ("canary", "orders", "10"),
        ("manage", "orders", "--", "check"),
    ],
)
def test_what_needs_a_running_system_says_so(ramet: Ramet, arguments: tuple[str, ...]) -> None:
    done = ramet(*arguments)
    assert done.returncode == 2
    assert "not-running" in done.stderr
    assert "run `ramet up`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["orders", "orders=", "orders=0", "orders=-1", "orders=33", "=x"])
def test_scale_wants_a_service_and_a_number(ramet: Ramet, text: str) -> None:
    done = ramet("scale", text)
    assert done.returncode == 2
    assert "SERVICE=N with N from 1 to 32" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("maintenance", "maybe"),
        ("canary", "orders", "101"),
        ("fault", "orders", "--delay", "soon"),
        ("fault", "orders", "--delay", "1s", "--share", "half"),
    ],
)
def test_a_switch_wants_a_position_that_exists(ramet: Ramet, arguments: tuple[str, ...]) -> None:
    done = ramet(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_up_refuses_unknown_services_before_anything_starts(ramet: Ramet, project: Project) -> None:
    for arguments in (("--only", "nobody"), ("--as", "nobody+else")):
        done = ramet("up", *arguments)
        assert done.returncode == 2
        assert "unknown-service" in done.stderr
    assert not (project.folder / ".ramet" / "state.json").exists()


def test_logs_of_a_system_that_never_ran_names_the_engines(ramet: Ramet) -> None:
    done = ramet("logs", "orders")
    assert done.returncode == 2
    assert "no log of orders" in done.stderr


def test_outside_of_a_system_every_command_says_what_is_missing(
    ramet: Ramet, project: Project
) -> None:
    (project.folder / "ramet.toml").unlink()
    for command in ("up", "down", "status", "logs"):
        done = ramet(command)
        assert done.returncode == 2, command
        assert "ramet.toml" in done.stderr


def test_a_system_that_takes_longer_than_a_minute_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    folder.control.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:  # takes requests, and answers none
        listener.bind(str(folder.control))
        listener.listen()
        ask = functools.partial(control.ask, timeout=0.1)
        monkeypatch.setattr(control, "ask", ask)
        with pytest.raises(DiagnosticError) as caught:
            _local.answer_of(folder, {"command": "restart", "service": "orders"})
    (mistake,) = caught.value.mistakes
    assert mistake.where == "`restart`"
    assert "goes on with it" in mistake.found
    assert "`ramet status`" in mistake.remedy
