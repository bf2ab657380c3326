"""`ramet ratelimit`: where it may listen, what it counts in, and what it prints for others."""

import json
from pathlib import Path

import pytest

from ramet.cli import main

TOML = """\
[system]
name = "shop"
settings = "tests.settings"

[services.orders]
apps = ["tests"]
rate_by_address = "5/second"

[gateway]
rate_by_address = "600/minute"

[infrastructure]
rates = "{rates}"
"""


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, rates: str, *arguments: str) -> int:
    (folder / "ramet.toml").write_text(TOML.format(rates=rates))
    monkeypatch.chdir(folder)
    return main(["ratelimit", *arguments])


@pytest.mark.parametrize("listen", ["0.0.0.0:8081", "10.0.0.7:8081", "ratelimit.sock", "8081"])
def test_it_listens_to_this_machine_only(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    listen: str,
) -> None:
    assert run(tmp_path, monkeypatch, "redis://127.0.0.1:1/0", "--listen", listen) == 2
    assert f"--listen {listen}: open-listener" in capsys.readouterr().err


@pytest.mark.parametrize("rates", ["embedded", "http://ratelimit.internal:8081"])
def test_without_a_redis_there_is_nothing_to_count_in(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rates: str,
) -> None:
    assert run(tmp_path, monkeypatch, rates) == 2
    assert "[infrastructure] rates: no-redis" in capsys.readouterr().err


def test_a_variable_that_leads_nowhere_is_told_without_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RATES", "memcache://hunter2@host")
    assert run(tmp_path, monkeypatch, "$RATES") == 2
    told = capsys.readouterr().err
    assert "[infrastructure] rates: invalid-rates-url" in told
    assert "hunter2" not in told


def test_the_rates_are_printed_as_envoyproxy_ratelimit_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, monkeypatch, "http://ratelimit.internal:8081", "--export") == 0

    def limit(unit: str, requests: int) -> dict[str, object]:
        rate = {"unit": unit, "requests_per_unit": requests}
        return {"key": "masked_remote_address", "rate_limit": rate}

    assert json.loads(capsys.readouterr().out) == {
        "domain": "shop",
        "descriptors": [
            {"key": "generic_key", "value": "gateway", "descriptors": [limit("minute", 600)]},
            {"key": "generic_key", "value": "orders", "descriptors": [limit("second", 5)]},
        ],
    }
