"""Recorded processes are recognised, ended, and never confused with others."""

import signal
import subprocess
import sys
import time
from datetime import timedelta

from ramet.tools.local import processes
from ramet.tools.local.processes import Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('ready', flush=True); time.sleep(60)",
]


def test_a_process_has_the_same_mark_for_all_its_life_and_none_after() -> None:
    child = subprocess.Popen(SLEEP)
    mark = processes.started(child.pid)
    assert mark is not None
    assert processes.started(child.pid) == mark
    child.kill()
    time.sleep(0)
    child.wait()
    assert processes.started(child.pid) is None


def test_a_zombie_does_not_count_as_running() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()  # its end closes the pipe; nobody has waited for it yet
    deadline = time.monotonic() + 5
    while processes.started(child.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.started(child.pid) is None
    child.wait()


def test_end_kills_who_does_not_listen() -> None:
    child = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    mark = processes.started(child.pid)
    assert mark is not None
    assert processes.end([(child.pid, mark)], timeout=0.2) == [child.pid]
    assert child.wait() == -signal.SIGKILL


def test_end_leaves_another_process_with_the_same_pid_alone() -> None:
    child = subprocess.Popen(SLEEP)
    assert processes.end([(child.pid, "1")]) == []
    assert child.poll() is None
    child.kill()
    child.wait()


def test_since_changes_with_the_state_and_not_with_the_note() -> None:
    process = Process("orders", "web", "orders-web")
    process.become("running", pid=7)
    process.since -= timedelta(hours=1)
    before = process.since
    process.become("running", pid=7, note="slow")
    assert process.since == before
    process.become("failed")
    assert process.since > before
    assert process.as_json()["since"].endswith("Z")
