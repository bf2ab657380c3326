"""A program in Node, with OpenTelemetry's SDK for it, is seen as any other: OTLP/JSON is enough."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dashboard.running import Dashboard, running

NODE = Path(__file__).parents[2] / "node"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules/@opentelemetry").is_dir(),
    reason="no node, or not its packages: make tests/node/node_modules/.installed",
)


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with running() as started:
        yield started


def test_a_program_in_node_shows_up_on_every_page(
    dashboard: Dashboard, eventually: Callable[..., object]
) -> None:
    done = subprocess.run(
        ["node", "telemetry.mjs", f"http://127.0.0.1:{dashboard.port}"],
        cwd=NODE,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    trace = done.stdout.strip()
    eventually(lambda: dashboard.get(f"/traces/{trace}").status == 200, what="it is written")

    waterfall = dashboard.get(f"/traces/{trace}").text
    assert "POST /parcels" in waterfall
    assert "no van" in waterfall
    assert "carrier.example" in dashboard.get("/").text
    assert trace in dashboard.get("/traces?service=shipping&status=failed").text
    logs = dashboard.get("/logs?service=shipping&level=error").text
    assert "Köln has no van 🚚" in logs
    assert trace in logs
    assert "shipping.parcels" in dashboard.get("/metrics").text
