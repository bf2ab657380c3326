"""How much of a processor a process takes, from what Linux counts."""

import os
import subprocess
import sys

import pytest

from ramet.tools.dashboard.processor import Processor
from tests.conftest import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def test_a_busy_child_counts_for_its_parent_and_an_idle_process_for_nothing() -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    idle = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        meter = Processor()
        pids = {os.getpid(), idle.pid}
        assert meter.shares(pids) == {}
        eventually(lambda: meter.shares(pids).get(os.getpid(), 0) >= 0.05, within=20)
        assert meter.shares(pids)[idle.pid] < 0.05
    finally:
        for process in (busy, idle):
            process.kill()
            process.wait()
