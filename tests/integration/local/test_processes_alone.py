"""Each role runs without a supervisor too, as a container runs it: by its environment alone."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ramet.tools.local.folder import Folder
from ramet.tools.local.postgres import Postgres

from .conftest import PROJECT, wait_for

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    root = tmp_path_factory.mktemp("alone") / "system"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns("__pycache__"))
    toml = root / "ramet.toml"
    toml.write_text(toml.read_text().replace("PORT", "8000"))
    folder = Folder(root)
    folder.make()
    server = Postgres(root / "postgres", folder.run, root / "postgres.log")
    server.start()
    yield {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pair.settings",
        "RAMET_TOML": str(toml),
        "RAMET_SERVICES": "left",
        "RAMET_DATABASE_URL": server.create_database("alone"),
        "RAMET_DEMO_PASSWORD": "for tests",
        "RAMET_PUBLIC_URL": "http://localhost:8000",
        "RAMET_SOCKET": str(folder.run / "left.web.sock"),
    }
    server.destroy()
    folder.clear_run()


def _start(environment: dict[str, str], role: str) -> subprocess.Popen[bytes]:
    root = Path(environment["RAMET_TOML"]).parent
    return subprocess.Popen(
        [sys.executable, "-m", "ramet.processes", role], cwd=root, env=environment
    )


def _get(path: str, socket_path: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(socket_path)
        except OSError:
            return b""
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode())
        connection.sendall(b"Connection: close\r\n\r\n")
        return connection.makefile("rb").read()


def test_migrate_then_serve_and_stop_on_sigterm(environment: dict[str, str]) -> None:
    assert _start(environment, "migrate").wait(60) == 0
    with psycopg.connect(environment["RAMET_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT text FROM left_note").fetchall() == [("demo for tests",)]
    assert _start(environment, "migrate").wait(60) == 0, "repeating it is harmless"

    web = _start(environment, "web")
    path = environment["RAMET_SOCKET"]
    try:
        wait_for(lambda: b" 200 " in _get("/readyz", path).split(b"\r\n")[0], "it is ready")
        assert b"left one" in _get("/left/", path)
        assert os.stat(path).st_mode & 0o777 == 0o600
    finally:
        web.send_signal(signal.SIGTERM)
    assert web.wait(20) == 0
    assert not Path(path).exists()


def test_web_without_a_socket_says_what_is_missing(environment: dict[str, str]) -> None:
    root = Path(environment["RAMET_TOML"]).parent
    done = subprocess.run(
        [sys.executable, "-m", "ramet.processes", "web"],
        cwd=root,
        env={name: value for name, value in environment.items() if name != "RAMET_SOCKET"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "no-socket" in done.stderr
    assert "Traceback" not in done.stderr


def test_celery_ends_on_sigterm(environment: dict[str, str]) -> None:
    root = Path(environment["RAMET_TOML"]).parent
    queue = root / "queue"
    queue.mkdir()
    log = root / "celery.log"
    with log.open("wb") as output:
        celery = subprocess.Popen(
            [sys.executable, "-m", "ramet.processes", "celery"],
            cwd=root,
            env={
                **environment,
                "RAMET_CELERY_BROKER_URL": "filesystem://",
                "RAMET_CELERY_FOLDER": str(queue),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: b"ready" in log.read_bytes(), "it is ready")
    finally:
        celery.send_signal(signal.SIGTERM)
    assert celery.wait(20) == 0
    assert b'"service": "left"' in log.read_bytes(), "its lines are in our format"
