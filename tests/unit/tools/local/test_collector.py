"""Where `ramet up` has traces, metrics and logs sent, as ramet.toml says it."""

from dataclasses import replace
from pathlib import Path

import pytest

from ramet.errors import DiagnosticError
from ramet.system import Gateway, Group, Infrastructure, System
from ramet.tools.local.dashboard import collector
from ramet.tools.local.environment import Environments
from ramet.tools.local.folder import Folder


def declared(telemetry: str) -> System:
    infrastructure = replace(Infrastructure(), telemetry=telemetry)
    gateway = Gateway("127.0.0.1", 9000)
    return System("shop", "shop.settings", {}, gateway, infrastructure, Path("/srv/ramet.toml"))


def test_it_is_the_dashboard_or_what_the_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTLP", "http://otel.example:4318")
    assert collector(declared("dashboard")) == "http://127.0.0.1:9001"
    assert collector(declared("https://otel.example")) == "https://otel.example"
    assert collector(declared("$OTLP")) == "http://otel.example:4318"
    assert collector(declared("off")) is None
    monkeypatch.delenv("OTLP")
    with pytest.raises(DiagnosticError, match="OTLP is not set"):
        collector(declared("$OTLP"))


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9001"])
def test_processes_are_told(tmp_path: Path, url: str | None) -> None:
    folder = Folder(tmp_path)
    folder.secrets.mkdir(parents=True)
    environments = Environments(declared("off"), folder, {"one": "postgresql://x"}, {}, url)
    told = environments.of_group(Group(("one",), "one"))
    assert told.get("RAMET_TELEMETRY_URL") == url
