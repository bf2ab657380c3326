"""`ramet dashboard`: without any system, for programs in any language."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from ramet.tools.local import ports

RAMET = [sys.executable, "-c", "import sys; from ramet.cli import main; sys.exit(main())"]
CURL = shutil.which("curl")
SPAN = """{"resourceSpans": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "a shell script"}}]},
  "scopeSpans": [{"spans": [{
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "kind": 1,
    "name": "nightly backup", "startTimeUnixNano": "%d", "endTimeUnixNano": "%d"}]}]}]}"""


@pytest.fixture
def environment(tmp_path):
    """Nothing of a system, and a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAMET_")}
    return {**kept, "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONUNBUFFERED": "1"}


@pytest.mark.skipif(CURL is None, reason="no curl")
def test_it_shows_what_curl_sends_and_remembers_it(tmp_path, environment):
    port = ports.unused()
    for _ in range(2):
        process = subprocess.Popen(
            [*RAMET, "dashboard", "--port", str(port), "--data", str(tmp_path / "told.sqlite3")],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until_it_answers(port, process)
            if not (tmp_path / "told").exists():
                now = time.time_ns()
                tell(port, SPAN % (now - 10**9, now))
                (tmp_path / "told").touch()
            token = (tmp_path / "state" / "ramet" / "dashboard-token").read_text().strip()
            assert "nightly backup" in page_with(port, token, "nightly backup")
        finally:
            process.send_signal(signal.SIGINT)
            printed = process.communicate(timeout=20)[0]
        assert process.returncode == 0
        assert f"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{port}" in printed
        assert token not in printed
    mode = (tmp_path / "state" / "ramet" / "dashboard-token").stat().st_mode
    assert mode & 0o077 == 0


def test_a_taken_port_is_told_with_what_to_do(tmp_path, environment):
    port = ports.unused()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = subprocess.run(
            [*RAMET, "dashboard", "--port", str(port)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 2
    assert "port-taken" in done.stderr
    assert "choose another port with --port" in done.stderr


def wait_until_it_answers(port, process):
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/live", timeout=5).close()
            return
        except OSError:
            assert process.poll() is None, "it ended"
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.05)


def tell(port, document):
    done = subprocess.run(
        [
            CURL,
            "--silent",
            "--show-error",
            "--fail",
            f"http://localhost:{port}/v1/traces",
            "--header",
            "Content-Type: application/json",
            "--data",
            document,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "{}"), done.stderr


def page_with(port, token, words):
    """The page of traces, once it has these words."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    deadline = time.monotonic() + 10
    while True:
        page = (
            opener.open(f"http://localhost:{port}/traces?token={token}", timeout=10).read().decode()
        )
        if re.search(words, page) or time.monotonic() > deadline:
            return page
        time.sleep(0.05)
