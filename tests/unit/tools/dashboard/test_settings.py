"""The dashboard tells everything that is wrong with its environment; it stays on loopback."""

from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.dashboard.settings import Settings

NEEDED = ["RAMET_STATE_DIR", "RAMET_DASHBOARD_LISTEN", "RAMET_DASHBOARD_TOKEN_FILE"]
TOKEN = "0123456789abcdef"


@pytest.fixture
def complete(tmp_path):
    (tmp_path / "token").write_text(TOKEN + "\n")
    return {
        "RAMET_CONTROL_SOCKET": "/run/x/control.sock",
        "RAMET_STATE_DIR": "/shop/.ramet",
        "RAMET_DASHBOARD_LISTEN": "127.0.0.1:8001",
        "RAMET_DASHBOARD_TOKEN_FILE": str(tmp_path / "token"),
    }


def test_a_complete_environment_is_read(complete):
    settings = Settings.read(complete)
    assert settings == Settings(
        state=Path("/shop/.ramet"),
        host="127.0.0.1",
        port=8001,
        token=TOKEN,
        control=Path("/run/x/control.sock"),
    )
    assert settings.history == Path("/shop/.ramet/telemetry.sqlite3")
    assert settings.hosts == {"localhost:8001", "127.0.0.1:8001", "[::1]:8001"}


def test_everything_that_is_missing_is_named_together():
    with pytest.raises(DiagnosticError) as raised:
        Settings.read({})
    assert [mistake.where for mistake in raised.value.mistakes] == NEEDED


@pytest.mark.parametrize(
    "listen",
    [
        "0.0.0.0:8001",
        "192.168.1.4:8001",
        "[::]:8001",
        "shop.example:8001",
        "127.0.0.1",
        "127.0.0.1:0",
    ],
)
def test_an_address_that_others_can_reach_is_refused(complete, listen):
    with pytest.raises(DiagnosticError) as raised:
        Settings.read({**complete, "RAMET_DASHBOARD_LISTEN": listen})
    assert [mistake.where for mistake in raised.value.mistakes] == ["RAMET_DASHBOARD_LISTEN"]


def test_loopback_of_ip_version_6_is_accepted(complete):
    assert Settings.read({**complete, "RAMET_DASHBOARD_LISTEN": "[::1]:9"}).host == "::1"


@pytest.mark.parametrize("content", ["", "short", None])
def test_a_token_that_can_be_guessed_is_refused(complete, tmp_path, content):
    if content is None:
        (tmp_path / "token").unlink()
    else:
        (tmp_path / "token").write_text(content)
    with pytest.raises(DiagnosticError) as raised:
        Settings.read(complete)
    assert [mistake.where for mistake in raised.value.mistakes] == ["RAMET_DASHBOARD_TOKEN_FILE"]


def test_without_a_system_there_is_no_socket(complete):
    del complete["RAMET_CONTROL_SOCKET"]
    assert Settings.read(complete).control is None
