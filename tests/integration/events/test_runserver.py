"""`manage.py runserver` on SQLite: events are worked off with nothing else started."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ramet.tools.local import ports


@pytest.fixture
def url(tmp_path: Path, root: Path, eventually: Callable[..., Any]) -> Iterator[str]:
    environment = os.environ | {
        "TEST_SQLITE": str(tmp_path / "db.sqlite3"),
        "DJANGO_SETTINGS_MODULE": "tests.integration.events.alone.settings",
        "PYTHONPATH": str(root),
    }
    django = [sys.executable, "-m", "django"]
    subprocess.run(
        [*django, "migrate", "--run-syncdb", "-v0"], env=environment, cwd=root, check=True
    )
    address = f"127.0.0.1:{ports.unused()}"
    process = subprocess.Popen(
        [*django, "runserver", "--noreload", address], env=environment, cwd=root
    )
    try:
        eventually(lambda: _answers(address), within=15, what="runserver listens")
        yield f"http://{address}/"
    finally:
        process.terminate()
        process.wait(10)


def _answers(address: str) -> bool:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), 0.2).close()
    except OSError:
        return False
    return True


def ask(url: str, body: str | None = None) -> list[str]:
    request = urllib.request.Request(url, data=body.encode() if body else None)
    with urllib.request.urlopen(request, timeout=10) as response:
        answers: list[str] = json.load(response)["answers"]
        return answers


def test_an_event_published_by_a_view_reaches_its_handler_once(
    url: str, eventually: Callable[..., Any]
) -> None:
    ask(url, "one")
    ask(url, "twice")
    eventually(lambda: sorted(ask(url)) == ["re: one", "re: twice"], within=10)
    for number in range(20):
        ask(url, str(number))
    eventually(lambda: len(ask(url)) == 22, within=10)
    assert len(set(ask(url))) == 22
