"""What a person waits for at `ramet up` of the shop, and how much memory it then takes.

A copy of the shop is started once, for databases and byte code, and then three times more: "second
start" is the median of these. The clock starts with the process `ramet up` and stops with the first
request that a service answered through the gateway, when all five services serve. Memory is the
proportional set size of all processes, engines and dashboard too, as `ramet up` prints it. Takes
about a minute.
"""

import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

FIGURES = (
    Figure("first_request_seconds", "second start, to the first served request", "s", "at most", 4),
    Figure("memory_mb", "all processes together", "MB", "at most", 900),
    Figure("help_seconds", "`ramet --help`, the whole process", "s", "at most", 0.15),
    Figure("first_start_seconds", "first start: databases, migrations, demo data", "s"),
    Figure("naive_seconds", "importing alone, if each process did it by itself", "s of CPU"),
)

SHOP = Path(__file__).resolve().parent.parent / "shop"
RAMET = [sys.executable, "-c", "import sys; from ramet.cli import main; sys.exit(main())"]
STARTS = 3


def main() -> dict[str, Any]:
    """Measure; seconds of the clock, and MB of 10^6 bytes."""
    with tempfile.TemporaryDirectory(prefix="ramet-startup-") as folder:
        project = Path(folder) / "shop"
        shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns(".ramet", "*.sqlite3"))
        _listen_elsewhere(project / "ramet.toml")
        try:
            first = _start(project)
            starts = [_start(project) for _ in range(STARTS)]
        finally:
            _ramet(project, "down")
            _forget(project)
    return {
        "first_request_seconds": statistics.median(s["first_request_seconds"] for s in starts),
        "memory_mb": statistics.median(s["memory_mb"] for s in starts),
        "help_seconds": round(min(_help_seconds() for _ in range(5)), 3),
        "first_start_seconds": first["first_request_seconds"],
        "naive_seconds": round(_import_seconds() * _python_processes(starts[-1]), 1),
    }


def _start(project: Path) -> dict[str, Any]:
    """Start, read what it says of itself, stop."""
    _ramet(project, "up", "--detach")
    status: dict[str, Any] = json.loads(_ramet(project, "status", "--json"))
    _ramet(project, "down")
    return status


def _ramet(project: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*RAMET, *arguments],
        cwd=project,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise RuntimeError(f"ramet {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout


def _listen_elsewhere(toml: Path) -> None:
    """The shop of the checkout may be running: take ports of our own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    toml.write_text(toml.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{port}"))


def _forget(project: Path) -> None:
    from ramet.tools.local.folder import Folder

    Folder(project).forget()


def _help_seconds() -> float:
    began = time.perf_counter()
    subprocess.run([*RAMET, "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _python_processes(status: dict[str, Any]) -> int:
    roles = ("web", "worker", "celery")
    return sum(process["role"] in roles for process in status["processes"])


def _import_seconds() -> float:
    """Processor time that one process needs for the libraries, without any code of the project."""
    code = (
        "import importlib, time\n"
        "from ramet.processes.forkserver import LIBRARIES\n"
        "for name in LIBRARIES: importlib.import_module(name)\n"
        "print(time.process_time())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
