"""A small system of its own for each test that starts one: see the folder `pair`."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ramet.tools.local import ports, processes, session
from ramet.tools.local.folder import Folder

PROJECT = Path(__file__).with_name("pair")
ENTRY = "import sys; from ramet.cli import main; sys.exit(main())"
PATIENCE = 60.0  # seconds; a start on a busy machine with two processors


class Pair:
    """The system `pair` in a folder of its own, with a port of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = Folder(root)
        shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns("__pycache__"))
        self.port = ports.unused(2)
        self.write("ramet.toml", (root / "ramet.toml").read_text().replace("PORT", str(self.port)))

    def ramet(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end."""
        done = subprocess.run(
            [sys.executable, "-c", ENTRY, *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def up(self, *arguments: str) -> dict[str, Any]:
        """Start it and return its state."""
        self.ramet("up", "--detach", *arguments)
        return self.state()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`ramet up` in the foreground, without waiting."""
        return subprocess.Popen(
            [sys.executable, "-c", ENTRY, "up", *arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def state(self) -> dict[str, Any]:
        return json.loads(self.folder.state.read_text())

    def process(self, name: str) -> dict[str, Any]:
        return next(entry for entry in self.state()["processes"] if entry["name"] == name)

    def pids(self) -> dict[str, int | None]:
        return {entry["name"]: entry["pid"] for entry in self.state()["processes"]}

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON (or text) of a GET through the gateway; status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as got:
                status, body = got.status, got.read().decode()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read().decode()
        except OSError:
            return 0, None
        try:
            return status, json.loads(body)
        except json.JSONDecodeError:
            return status, body

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    def change(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def said(self) -> str:
        """What the detached supervisor has printed."""
        return (self.folder.path / "supervisor.log").read_text()

    def everybody(self) -> list[tuple[int, str]]:
        """Every process of the running system, with the mark of its beginning."""
        import psutil

        pids = [self.state()["supervisor"]["pid"]]
        pids += [entry["pid"] for entry in self.state()["system_processes"]]
        family = {pid: psutil.Process(pid).children(recursive=True) for pid in pids}
        all_pids = {*pids, *(child.pid for children in family.values() for child in children)}
        return [(pid, mark) for pid in all_pids if (mark := processes.started(pid))]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """The system, not started; ended and removed after the test."""
    system = Pair(tmp_path / "system")
    yield system
    remove(system)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The system, running, for tests that leave it as they found it."""
    system = Pair(tmp_path_factory.mktemp("pair") / "system")
    try:
        system.up()
        yield system
    finally:
        remove(system)


def remove(system: Pair) -> None:
    session.stop(system.folder)  # as `ramet down`, without a process for it
    system.folder.forget()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def alive(recorded: list[tuple[int, str]]) -> list[int]:
    return [pid for pid, mark in recorded if processes.started(pid) == mark]


def wait_for(condition: Callable[[], Any], what: str, within: float = PATIENCE) -> Any:
    deadline = time.monotonic() + within
    while not (result := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within:g} s: {what}")
        time.sleep(0.05)
    return result
