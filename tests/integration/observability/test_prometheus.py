"""Debian's Prometheus reads what a process exposes, takes the rules, and raises an alert."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from ramet.calls.metrics import CLIENT
from ramet.events.metrics import DONE, HANDLED
from ramet.system import load
from ramet.telemetry.listening import listen
from ramet.telemetry.metrics import instruments, sources
from ramet.telemetry.metrics.sources import Gauge, Reading
from ramet.telemetry.middleware import REQUESTS
from ramet.tools.local import ports
from ramet.tools.observability.files import files
from tests.conftest import eventually

ROOT = Path(__file__).parents[3]
PROMETHEUS = shutil.which("prometheus")

pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="no prometheus (apt-get install it)")


class Server:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, **query: str) -> Any:
        with urlopen(f"{self.url}/api/v1/{path}?{urlencode(query)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def value(self, expression: str) -> float | None:
        found = self.ask("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def is_ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def dead_letters() -> list[Reading]:
    (dead,) = (each for each in _GAUGES if each.declaration.name == "ramet.events.dead")
    return [dead.reading((("orders.handlers.pack",), 2.0))]


def _events_gauges() -> list[Gauge]:
    from ramet.events import metrics

    return [gauge for gauge, _ in metrics._OF_HANDLERS]


_GAUGES = _events_gauges()


@pytest.fixture(scope="module")
def scraped() -> Iterator[int]:
    """The port of this process's metrics: some requests, calls and events, two dead letters."""
    instruments.use_folder(None, "test")
    instruments.use_traces(lambda _: bytes(range(16)).hex())
    former = dict(sources._sources)
    sources._sources.clear()
    sources._sources["events"] = dead_letters
    for _ in range(5):
        REQUESTS.record(0.02, "orders", "GET", "/api/v1/orders/", "200")
        CLIENT.record(0.001, "orders", "products", "shop.products.v1.Products/reserve", "ok")
    HANDLED.record(0.01, 'say "hi"\\n', "shop.orders.OrderPlaced.v1", DONE)
    port = ports.unused()
    listen(f"127.0.0.1:{port}")
    yield port
    sources._sources.clear()
    sources._sources.update(former)
    instruments.use_traces(lambda _: None)
    instruments.use_folder(None, "test")


@pytest.fixture(scope="module")
def server(scraped: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("prometheus")
    made = files(load(ROOT / "shop/ramet.toml"), "services", "https://shop.example/runbooks")
    (folder / "rules").mkdir()
    for name in ("ramet-alerts.yml", "ramet-objectives.yml"):
        # Sooner than in production: nobody waits a minute for a test.
        text = made[f"prometheus/rules/{name}"].replace('for: "1m"', 'for: "1s"')
        (folder / "rules" / name).write_text(text.replace('interval: "30s"', 'interval: "1s"'))
    config = yaml.safe_load(made["prometheus/prometheus.yml"])
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    for job in config["scrape_configs"]:
        job["metrics_path"] = "/metrics"
        job["static_configs"] = [{"targets": [f"127.0.0.1:{scraped}"]}]
    config["scrape_configs"] = config["scrape_configs"][:1]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = ports.unused()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(PROMETHEUS),
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
                "--enable-feature=exemplar-storage",
            ],
            stdout=log,
            stderr=log,
        )
    server = Server(port)
    try:
        eventually(server.is_ready, within=30, what=(folder / "log").read_text())
        yield server
    finally:
        process.terminate()
        process.wait(20)


def test_what_was_counted_is_there(server: Server) -> None:
    route = '{http_route="/api/v1/orders/",job="ramet-users"}'
    name = f"http_server_request_duration_seconds_count{route}"
    eventually(lambda: server.value(name) == 5, within=20, what="a scrape")
    assert server.value('up{job="ramet-users"}') == 1
    assert server.value("sum(rpc_client_call_duration_seconds_bucket{le='0.001'})") == 5
    assert server.value("sum(ramet_events_handler_duration_seconds_count)") == 1


def test_a_slow_request_is_found_by_its_trace(server: Server) -> None:
    name = "http_server_request_duration_seconds_bucket"
    found = eventually(
        lambda: server.ask("query_exemplars", query=name, start="0", end="9999999999"),
        within=20,
        what="an exemplar",
    )
    trace_ids = {each["labels"]["trace_id"] for series in found for each in series["exemplars"]}
    assert trace_ids == {bytes(range(16)).hex()}


def test_the_rules_are_taken_and_evaluated(server: Server) -> None:
    def states() -> set[str]:
        groups = server.ask("rules")["groups"]
        return {rule["health"] for group in groups for rule in group["rules"]}

    eventually(lambda: states() == {"ok"}, within=20, what=f"every rule is ok: {states()}")
    assert server.value("ramet_service:http_errors:bad_5m") in (None, 0)


def test_dead_letters_raise_their_alert(server: Server) -> None:
    def raised() -> list[Any]:
        alerts = server.ask("alerts")["alerts"]
        return [each for each in alerts if each["state"] == "firing"]

    (alert,) = eventually(raised, within=20, what="an alert")
    assert alert["labels"]["alertname"] == "RametDeadLetters"
    assert alert["annotations"]["summary"] == "2 events that orders.handlers.pack gave up on"
    assert alert["annotations"]["runbook_url"].endswith("/RametDeadLetters.md")
