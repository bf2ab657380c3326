"""The dashboard tells everything that is wrong with its environment; it stays on loopback."""

from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.dashboard.settings import Settings

COMPLETE = {
    "RAMET_CONTROL_SOCKET": "/run/x/control.sock",
    "RAMET_STATE_DIR": "/shop/.ramet",
    "RAMET_DASHBOARD_LISTEN": "127.0.0.1:8001",
}


def test_a_complete_environment_is_read():
    settings = Settings.read(COMPLETE)
    assert settings == Settings(
        Path("/run/x/control.sock"), Path("/shop/.ramet"), "127.0.0.1", 8001
    )
    assert settings.hosts == {"localhost:8001", "127.0.0.1:8001", "[::1]:8001"}


def test_everything_that_is_missing_is_named_together():
    with pytest.raises(DiagnosticError) as raised:
        Settings.read({})
    assert [mistake.where for mistake in raised.value.mistakes] == list(COMPLETE)


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
def test_an_address_that_others_can_reach_is_refused(listen):
    with pytest.raises(DiagnosticError) as raised:
        Settings.read({**COMPLETE, "RAMET_DASHBOARD_LISTEN": listen})
    assert [mistake.where for mistake in raised.value.mistakes] == ["RAMET_DASHBOARD_LISTEN"]


def test_loopback_of_ip_version_6_is_accepted():
    assert Settings.read({**COMPLETE, "RAMET_DASHBOARD_LISTEN": "[::1]:9"}).host == "::1"
