"""A process that forks on order, and reports every death."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

PROGRAM = """
import os, socket, sys, time
from ramet.processes.forking import ForkLoop

def run_child(order, descriptors):
    print("child", order["name"], os.environ.get("PLACE"), flush=True)
    if order["do"] == "raise":
        raise ZeroDivisionError("a bug")
    if order["do"] == "sleep":
        time.sleep(60)
    if order["do"] == "write":
        descriptors[0].sendall(b"over our own socket")
    return order.get("status", 0)

control = socket.socket(fileno=int(sys.argv[1]))
loop = ForkLoop(control, run_child, children_outlive_us="outlive" in sys.argv)
loop.report(event="ready", pid=os.getpid())
loop.run()
"""


class Forking:
    """The program above, and our end of its control socket."""

    def __init__(self, tmp_path: Path, *arguments: str) -> None:
        self.log = tmp_path / "log"
        near, far = socket.socketpair()
        self.near = near
        with far:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(far.fileno()), *arguments],
                pass_fds=[far.fileno()],
            )
        self.near.settimeout(20)
        self.answers: TextIO = self.near.makefile("r")
        assert self.answer()["event"] == "ready"

    def answer(self) -> dict[str, Any]:
        return json.loads(self.answers.readline())

    def order(self, name: str, do: str, *descriptors: int, **more: Any) -> dict[str, Any]:
        order = {"name": name, "do": do, "log": str(self.log), "descriptors": len(descriptors)}
        line = json.dumps({**order, **more}).encode() + b"\n"
        socket.send_fds(self.near, [line], descriptors)
        return self.answer()


@pytest.fixture
def forking(tmp_path: Path) -> Iterator[Forking]:
    forking = Forking(tmp_path)
    yield forking
    forking.answers.close()
    forking.near.close()
    forking.process.wait(10)


def test_a_fork_and_its_exit_status_are_reported(forking: Forking) -> None:
    forked = forking.order("orders-web", "return", env={"PLACE": "orders"}, status=3)
    ended = forking.answer()
    assert forked == {"event": "forked", "name": "orders-web", "pid": forked["pid"]}
    assert ended == {"event": "exited", "name": "orders-web", "pid": forked["pid"], "status": 3}
    assert forking.log.read_text() == "child orders-web orders\n"


def test_a_signal_is_reported_as_a_negative_status(forking: Forking) -> None:
    forked = forking.order("orders-web", "sleep")
    os.kill(forked["pid"], signal.SIGKILL)
    assert forking.answer()["status"] == -signal.SIGKILL


def test_a_bug_in_a_child_is_in_its_log_and_ends_only_the_child(forking: Forking) -> None:
    forking.order("orders-web", "raise")
    assert forking.answer()["status"] == 1
    assert "ZeroDivisionError: a bug" in forking.log.read_text()
    forking.order("orders-web", "return")
    assert forking.answer()["status"] == 0


def test_a_descriptor_travels_with_its_order(forking: Forking) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        forking.order("orders", "write", theirs.fileno())
        ours.settimeout(10)
        assert ours.recv(100) == b"over our own socket"


def test_many_orders_at_once_are_all_carried_out(forking: Forking) -> None:
    lines = b"".join(
        json.dumps({"name": f"n{n}", "do": "return", "log": str(forking.log)}).encode() + b"\n"
        for n in range(20)
    )
    forking.near.sendall(lines)
    events = [forking.answer() for _ in range(40)]
    for kind in ("forked", "exited"):
        assert {e["name"] for e in events if e["event"] == kind} == {f"n{n}" for n in range(20)}


def _ends(pid: int) -> bool:
    """Whether the process ends within ten seconds."""
    import time

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@LINUX
def test_children_end_when_nobody_holds_the_other_end(tmp_path: Path) -> None:
    forking = Forking(tmp_path)
    pid = forking.order("orders-web", "sleep")["pid"]
    forking.answers.close()
    forking.near.close()
    assert forking.process.wait(10) == 0
    assert _ends(pid)


@LINUX
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    forking = Forking(tmp_path)
    pid = forking.order("orders-web", "sleep")["pid"]
    forking.process.kill()
    forking.process.wait()
    assert _ends(pid)


@LINUX
def test_zygotes_outlive_the_fork_server(tmp_path: Path) -> None:
    forking = Forking(tmp_path, "outlive")
    pid = forking.order("orders-zygote", "sleep")["pid"]
    forking.process.kill()
    forking.process.wait()
    try:
        assert Path(f"/proc/{pid}").exists()
    finally:
        os.kill(pid, signal.SIGKILL)
