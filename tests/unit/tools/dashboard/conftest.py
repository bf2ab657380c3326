"""A running dashboard as `ramet up` starts it, and a supervisor that says what a test wants."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ramet.tools.local import ports


class Supervisor:
    """Answers one JSON line with `status`, as the real one does; `asked` are the questions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status: dict[str, Any] = {"gateway": "http://localhost:8000", "processes": []}
        self.asked: list[Any] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                self.asked.append(json.loads(lines.readline()))
                lines.write(json.dumps(self.status).encode() + b"\n")

    def close(self) -> None:
        # shutdown wakes the thread in accept, close alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink()


class Dashboard:
    """The process, its folder and a way to ask it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.supervisor = Supervisor(folder / "control.sock")
        self.port = ports.unused()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ramet.tools.dashboard"],
            env={
                **os.environ,
                "RAMET_CONTROL_SOCKET": str(self.supervisor.path),
                "RAMET_STATE_DIR": str(folder),
                "RAMET_DASHBOARD_LISTEN": f"127.0.0.1:{self.port}",
            },
        )

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                assert self.get("/live")[0] == 200
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None, "the dashboard ended"
                assert time.monotonic() < deadline, "the dashboard does not listen"
                time.sleep(0.02)

    def get(
        self, path: str, *, host: str | None = None, method: str = "GET"
    ) -> tuple[int, str, dict[str, str]]:
        """Status, body and headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            named = host if host is not None else f"localhost:{self.port}"
            connection.request(method, path, headers={"Host": named})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return response.status, response.read().decode(), headers
        finally:
            connection.close()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


@pytest.fixture(scope="module")
def dashboard():
    # Not tmp_path: a Unix socket's path is at most 107 bytes long.
    folder = Path(tempfile.mkdtemp(prefix="dash-"))
    for name in ("log", "mail"):
        (folder / name).mkdir()
    running = Dashboard(folder)
    try:
        running.wait_until_it_listens()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder)
