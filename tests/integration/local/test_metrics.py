"""What a running system tells about itself: counters, health, and what a terminal shows."""

import json
import re
from typing import Any

import pycurl

from tests.integration.local.conftest import Pair, kill, wait_for

REQUESTS = re.compile(r"^http_server_request_duration_seconds_count\{(.*)\} (\S+)$", re.MULTILINE)


def ask(system: Pair, socket: str, path: str) -> tuple[int, str]:
    curl = pycurl.Curl()
    curl.setopt(pycurl.UNIX_SOCKET_PATH, str(system.folder.run / socket))
    curl.setopt(pycurl.URL, f"http://x{path}")
    curl.setopt(pycurl.TIMEOUT, 10)
    body = curl.perform_rb().decode()
    return curl.getinfo(pycurl.RESPONSE_CODE), body


def answered(system: Pair) -> float:
    """Requests to left that Django has answered since the system was started."""
    _, text = ask(system, "left.web.sock", "/metrics")
    return sum(
        float(number)
        for labels, number in REQUESTS.findall(text)
        if 'http_route="/left/"' in labels
    )


def status(system: Pair) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(system.ramet("status", "--json").stdout)
    return found


def test_counters_never_go_back_whatever_becomes_of_the_processes(running: Pair) -> None:
    before = answered(running)
    running.ramet("scale", "left=2")
    for _ in range(6):
        assert running.get("/left/")[0] == 200
    assert answered(running) == before + 6, "both processes are in the answer of one"
    running.ramet("scale", "left=1")
    assert answered(running) == before + 6
    former = running.process("left-web")
    kill(former["pid"])
    wait_for(
        lambda: (
            (now := running.process("left-web"))["state"] == "running"
            and now["pid"] not in (None, former["pid"])
        ),
        "left-web is back",
    )
    assert answered(running) == before + 6
    assert running.get("/left/")[0] == 200
    assert answered(running) == before + 7
    names = {path.name for path in (running.folder.run / "left.metrics").glob("web-*.cells")}
    assert len(names) == 1, "what ended processes had is taken over"


def test_every_process_says_how_it_is(running: Pair) -> None:
    for socket in ("left.web.sock", "left-worker.probe.sock", "left-celery.probe.sock"):
        for path in ("/livez", "/readyz", "/startupz"):
            code, body = ask(running, socket, path)
            assert (code, json.loads(body)["status"]) == (200, "pass"), (socket, path, body)
    assert running.get("/metrics")[0] == running.get("/readyz")[0] == 404


def test_status_shows_health_rates_and_what_waits(running: Pair) -> None:
    running.get("/left/")
    found = wait_for(lambda: (now := status(running))["rates"] and now, "rates are known")
    health = {process["name"]: process["health"] for process in found["processes"]}
    assert health["left-web"] == health["left-worker"] == "ready"
    assert health["nats"] is None
    assert set(found["rates"]["left"]) == {"requests", "failed_requests", "calls", "failed_calls"}
    waiting = {"lag_seconds", "waiting", "dead_letters", "stuck_sagas"}
    assert set(found["backlogs"]["left"]) == waiting


def test_logs_are_chosen_and_given_to_programs(running: Pair) -> None:
    running.get("/left/say/for-the-log/")
    wait_for(
        lambda: "event.handled" in running.ramet("logs", "right", "--since", "5m").stdout,
        "the event is handled",
    )
    lines = running.ramet("logs", "right", "--since", "5m", "--json").stdout.splitlines()
    said = [json.loads(line) for line in lines]
    assert {each["process"] for each in said} >= {"right-worker"}
    bad = running.ramet("logs", "--level", "critical", "--since", "1s").stdout
    assert "event.handled" not in bad
    wrong = running.ramet("logs", "--level", "loud", check=False)
    assert (wrong.returncode, "debug, info, warning" in wrong.stderr) == (2, True)
