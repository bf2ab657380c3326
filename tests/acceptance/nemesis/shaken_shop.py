"""The shop as the nemesis needs it: processes by name, a broker to be cut off, clocks to be set."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ramet.tools.local import ports
from tests.acceptance.nemesis import clocks
from tests.acceptance.nemesis.proxy import Proxy
from tests.acceptance.running_shop import ROOT, RunningShop


@dataclass
class ShakenShop(RunningShop):
    """A running shop of which everything can be struck."""

    library: str | None = field(default_factory=clocks.library)
    clocks: clocks.Clocks = field(default_factory=clocks.Clocks)
    proxy: Proxy | None = None
    _up: subprocess.Popen[bytes] | None = None

    def up(self) -> str:
        """Start the shop and wait until it serves."""
        broker = ports.unused(2) if self.placement != "monolith" else None
        self.proxy = Proxy(broker) if broker is not None else None
        asked = {
            "placement": self.placement,
            "broker": broker,
            "proxy": self.proxy.port if self.proxy else None,
            "library": self.library,
            "clocks": str(self.clocks.folder),
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RAMET_", "DJANGO_"))}
        python_path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
        self.supervisor_log.parent.mkdir(mode=0o700, exist_ok=True)
        with self.supervisor_log.open("wb") as log:
            self._up = subprocess.Popen(
                [sys.executable, "-m", "tests.acceptance.nemesis.shaken_up"],
                cwd=self.folder,
                env={**kept, "NEMESIS": json.dumps(asked), "PYTHONPATH": python_path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while not self.state().get("ready"):
            assert self._up.poll() is None, f"it ended:\n{self.supervisor_log.read_text()}"
            assert time.monotonic() < deadline, f"not up:\n{self.supervisor_log.read_text()}"
            time.sleep(0.1)
        return self.supervisor_log.read_text()

    def down(self) -> None:
        try:
            super().down()
        finally:
            if self._up is not None:
                self._up.wait(timeout=60)
            if self.proxy is not None:
                self.proxy.close()
            self.clocks.remove()

    @property
    def supervisor_log(self) -> Path:
        return self.folder / ".ramet" / "supervisor.log"

    def state(self) -> dict[str, Any]:
        """Empty while there is none."""
        try:
            return super().state()
        except FileNotFoundError:
            return {}

    def process(self, name: str) -> psutil.Process | None:
        """A process by its name in `ramet status`; None while it does not run."""
        processes = self.state().get("processes", [])
        pid = next((each["pid"] for each in processes if each["name"] == name), None)
        return None if pid is None else _ours(pid, self.supervisor())

    def zygote(self, group: str) -> psutil.Process | None:
        """The process from which those of a group are forked: the parent of its web process."""
        web = self.process(f"{group}-web")
        try:
            return None if web is None else web.parent()
        except psutil.NoSuchProcess:
            return None

    def fork_server(self) -> psutil.Process | None:
        """The process from which the zygotes are forked."""
        for child in self.supervisor().children():
            try:
                if "forkserver" in child.cmdline():
                    return child
            except psutil.NoSuchProcess:
                continue
        return None

    def supervisor(self) -> psutil.Process:
        """The process that keeps all others."""
        assert self._up is not None, "it was not started"
        return psutil.Process(self._up.pid)

    def not_running(self) -> list[str]:
        """What is said of each process that does not run, or is not the one that is known of."""
        return [
            f"{each['name']} is {each['state']} since {each['since']}, pid {each['pid']}"
            f"{', which is gone' if self.process(each['name']) is None else ''}: {each['note']}"
            for each in self.state().get("processes", [])
            if each["state"] != "running" or self.process(each["name"]) is None
        ]

    def keep_logs(self, where: Path) -> Path:
        """Copy all logs to where they outlive the shop."""
        shutil.copytree(self.folder / ".ramet" / "log", where, dirs_exist_ok=True)
        shutil.copy(self.supervisor_log, where)
        return where


def _ours(pid: int, supervisor: psutil.Process) -> psutil.Process | None:
    """The process, unless its number belongs to somebody else by now."""
    try:
        process = psutil.Process(pid)
        if process.create_time() >= supervisor.create_time() - 1:
            return process
    except psutil.NoSuchProcess:
        pass
    return None


def send(process: psutil.Process, number: signal.Signals, *, to_children: bool) -> None:
    """Signal a process, and its children where they are part of it."""
    everybody = [process]
    if to_children:
        try:
            everybody += process.children(recursive=True)
        except psutil.NoSuchProcess:
            return
    for each in everybody:
        try:
            each.send_signal(number)  # psutil checks that the number is still this process's
        except psutil.NoSuchProcess:
            continue
