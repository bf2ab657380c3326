"""Processes are asked how they are all at once, and one that hangs holds up no other."""

import asyncio
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

import pytest

from ramet.system import probes
from ramet.tools.local import vitals

METRICS = """\
# HELP ramet_events_waiting Events.
ramet_metrics_source_up{source="events"} 1.0
ramet_events_oldest_unsent_seconds 7.5
ramet_events_waiting{ramet_handler="a"} 2.0
ramet_events_waiting{ramet_handler="say } \\"hi\\" 3"} 1.0
ramet_events_oldest_waiting_seconds{ramet_handler="a"} 3.0
ramet_events_dead{ramet_handler="a"} 4.0
ramet_sagas_runs{ramet_saga="S",status="stuck",version="1"} 5.0
ramet_sagas_runs{ramet_saga="S",status="running",version="1"} 9.0
"""


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        return self.socket.accept()[0], ("local", 0)


@pytest.fixture
def run() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ramet-v-", dir="/tmp") as folder:
        yield Path(folder)


def serve(path: Path, status: int, checks: dict[str, str], metrics: str = METRICS) -> None:
    def answer(asked: str) -> tuple[int, bytes]:
        if asked == "/metrics":
            return 200, metrics.encode()
        worst = max(checks.values(), key=["pass", "warn", "fail"].index)
        found = {n: [{"status": s, "output": f"{n} is so"}] for n, s in checks.items()}
        return status, json.dumps({"status": worst, "checks": found}).encode()

    answering(path, answer)


def answering(path: Path, answer: Callable[[str], tuple[int, bytes]]) -> None:
    """Serve at a socket what `answer` has for a path: the status and the body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    threading.Thread(target=_Server(str(path), Handler).serve_forever, daemon=True).start()


def process(name: str, role: str, pid: int | None = 1) -> dict[str, Any]:
    return {"name": name, "role": role, "pid": pid}


def test_each_process_says_how_it_is_and_why(run: Path) -> None:
    serve(run / "orders.web.sock", 200, {"database": "pass", "calls": "warn"})
    serve(run / "orders.web-2.sock", 503, {"database": "fail"})
    serve(run / "orders-worker.probe.sock", 200, {"database": "pass"})
    hanging = socket.socket(socket.AF_UNIX)
    hanging.bind(str(run / "users.web.sock"))
    hanging.listen()
    began = time.monotonic()
    found, backlogs = asyncio.run(
        vitals.ask(
            run,
            [
                process("orders-web", "web"),
                process("orders-web-2", "web"),
                process("orders-worker", "worker"),
                process("users-web", "web"),
                process("gone-web", "web"),
                process("resting-worker", "worker", pid=None),
                process("postgres", "postgres"),
            ],
            ["orders", "users"],
        )
    )
    assert time.monotonic() - began < 3 * vitals.PATIENCE
    assert found == {
        "orders-web": vitals.Vitals("degraded", ["calls: calls is so"]),
        "orders-web-2": vitals.Vitals("unready", ["database: database is so"]),
        "orders-worker": vitals.Vitals("ready"),
        "users-web": vitals.Vitals("no answer", ["no answer within 2 s"]),
        "gone-web": vitals.Vitals("no answer", ["no answer within 2 s"]),
    }
    assert backlogs == {
        "orders": vitals.Backlog(lag_seconds=7.5, waiting=3, dead_letters=4, stuck_sagas=5),
        "users": None,
    }


def test_what_could_not_be_read_is_not_nought(run: Path) -> None:
    unread = 'ramet_metrics_source_up{source="events"} 0.0\n'
    serve(run / "orders.web.sock", 200, {"database": "pass"}, unread)
    _, backlogs = asyncio.run(vitals.ask(run, [], ["orders"]))
    assert backlogs == {"orders": None}


def test_a_process_that_fails_at_answering_is_told_as_that(run: Path) -> None:
    serve(run / "orders.web.sock", 500, {"database": "pass"})
    found, _ = asyncio.run(vitals.ask(run, [process("orders-web", "web")], []))
    assert found == {"orders-web": vitals.Vitals("unready", ["/readyz answers 500"])}


@pytest.mark.parametrize(
    ("status", "body", "health"),
    [
        (200, b'{"status": "up"}', "ready"),
        (200, b"fine", "ready"),
        (503, b'{"status": 503, "title": "Service Unavailable"}', "unready"),
    ],
)
def test_a_program_that_is_not_django_is_believed_in_its_own_words(
    run: Path, status: int, body: bytes, health: str
) -> None:
    answering(run / "clerk.web.sock", lambda path: (status, body))
    found, _ = asyncio.run(vitals.ask(run, [process("clerk-web", "web")], []))
    assert found["clerk-web"].health == health


def test_who_has_to_wait_for_a_database_that_hangs_is_heard_with_its_reason(run: Path) -> None:
    def late(asked: str) -> tuple[int, bytes]:
        time.sleep(probes.LONGEST if asked == probes.READY else 0)
        found = {"database:default": [{"status": "fail", "output": "no answer for 1.5 s"}]}
        return 503, json.dumps({"status": "fail", "checks": found}).encode()

    answering(run / "orders.web.sock", late)
    found, _ = asyncio.run(vitals.ask(run, [process("orders-web", "web")], []))
    expected = vitals.Vitals("unready", ["database:default: no answer for 1.5 s"])
    assert found == {"orders-web": expected}
