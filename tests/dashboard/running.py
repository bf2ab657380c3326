"""A running dashboard as `ramet up` starts it, and a supervisor that says what a test wants."""

import contextlib
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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ramet.tools.local import ports
from tests.dashboard.shop_like import Shop

TOKEN = "a-token-of-a-test-that-nobody-knows"


class Supervisor:
    """Answers one JSON line with `status`, as the real one does; `asked` are the questions.

    `answers` are what other commands are answered with, each by the command's request.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status: dict[str, Any] = {"gateway": "http://localhost:8000", "processes": []}
        self.answers: dict[str, Callable[[Any], dict[str, Any]]] = {}
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
            # Whoever asked may have gone without waiting for the answer.
            with (
                contextlib.suppress(ConnectionError),
                connection,
                connection.makefile("rwb") as lines,
            ):
                self.asked.append(request := json.loads(lines.readline()))
                answer = self.answers.get(request["command"], lambda _: self.status)(request)
                lines.write(json.dumps(answer).encode() + b"\n")

    def close(self) -> None:
        # shutdown wakes the thread in accept, close alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink()


class Answer:
    """Status, text and headers (by names in small letters; of several, the last)."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()


class Dashboard:
    """The process, its folder and a way to ask it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.supervisor = Supervisor(folder / "control.sock")
        self.port = ports.unused()
        self.cookie = ""
        (folder / "token").write_text(TOKEN)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ramet.tools.dashboard"],
            env={
                **os.environ,
                "RAMET_CONTROL_SOCKET": str(self.supervisor.path),
                "RAMET_STATE_DIR": str(folder),
                "RAMET_DASHBOARD_LISTEN": f"127.0.0.1:{self.port}",
                "RAMET_DASHBOARD_TOKEN_FILE": str(folder / "token"),
            },
        )

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                assert self.ask("/live").status == 200
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None, "the dashboard ended"
                assert time.monotonic() < deadline, "the dashboard does not listen"
                time.sleep(0.02)

    def enter(self) -> None:
        """Come by the link; from then on `get` and `post` have the cookie."""
        self.cookie = self.ask(f"/?token={TOKEN}").headers["set-cookie"].partition(";")[0]

    def get(self, path: str, **headers: str) -> Answer:
        """As a browser with the cookie asks for a page."""
        return self.ask(path, headers={"Cookie": self.cookie, "Accept": "text/html", **headers})

    def post(self, path: str, body: str = "", **headers: str) -> Answer:
        """As one of the dashboard's own forms."""
        own = {
            "Cookie": self.cookie,
            "Origin": self.url,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self.ask(path, "POST", body.encode(), {**own, **headers})

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Anything; the Host header is right unless `headers` say otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                method, path, body or None, {"Host": f"localhost:{self.port}"} | (headers or {})
            )
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def tell(self, signal_name: str, document: dict[str, Any], *, whole: bool = True) -> None:
        """Send telemetry, as OTLP in JSON; `whole` says that all of it is to be kept as it is."""
        answer = self.ask(
            f"/v1/{signal_name}",
            "POST",
            json.dumps(document).encode(),
            {"Content-Type": "application/json"},
        )
        assert (answer.status, answer.text == "{}") == (200, whole)

    def fill(self, shop: Shop) -> None:
        """What a shop tells of itself, and wait until pages show it."""
        for name in ("traces", "logs", "metrics"):
            self.tell(name, getattr(shop, "spans" if name == "traces" else name)())
        deadline = time.monotonic() + 20
        while "No traces yet" in (page := self.get("/traces")).text or "being written" in page.text:
            assert time.monotonic() < deadline, "the telemetry does not appear"
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.supervisor.close()


@contextlib.contextmanager
def running(state: Path | None = None) -> Iterator[Dashboard]:
    """A dashboard, until the end; unless `state` is given, with a folder of its own."""
    # Not tmp_path: a Unix socket's path is at most 107 bytes long.
    folder = state or Path(tempfile.mkdtemp(prefix="dash-"))
    for name in ("log", "mail"):
        (folder / name).mkdir(parents=True)
    dashboard = Dashboard(folder)
    try:
        dashboard.wait_until_it_listens()
        dashboard.enter()
        yield dashboard
    finally:
        dashboard.stop()
        shutil.rmtree(folder)
