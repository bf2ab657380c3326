"""What benchmarks/events_throughput.py measures: Ramet and its peers, started and stopped.

Each system has one database for its effects, one worker process a service (Celery its default, a
pool of one process a core), a publisher's process, and engines of its own on loopback. All share
one PostgreSQL server.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from ramet.tools.local.nats import Nats
from ramet.tools.local.postgres import Postgres

PROJECT = Path(__file__).resolve().parent / "events_project"
PEERS = ("celery", "procrastinate", "django_tasks")
START_SECONDS = 30.0

_WORKERS = {
    "celery": ["-m", "celery", "-A", "celery_app", "worker", "--loglevel", "WARNING"],
    "procrastinate": ["-m", "django", "procrastinate", "worker", "--concurrency", "4"],
    "django_tasks": ["-m", "django", "db_worker"],
}
"""Four at a time for procrastinate, as many as Ramet has threads; django-tasks knows no such
option."""


def missing(peer: str) -> str | None:
    """What this machine lacks to run the peer."""
    if peer == "celery" and shutil.which("redis-server") is None:
        return "redis-server is not installed"
    return None


@dataclass
class System:
    """One of them, running."""

    name: str
    effects: psycopg.Connection[Any]
    """To the database in which the effects are."""
    publisher: subprocess.Popen[str]
    workers: list[psutil.Process]
    engines: list[psutil.Process]
    """PostgreSQL and the broker, if it has one."""
    outbox: psycopg.Connection[Any] | None = None
    children: list[psutil.Process] = field(default_factory=list)

    def ask(self, deed: str, number: int) -> Any:
        """Have the publisher do something; see events_project/events_publisher.py."""
        assert self.publisher.stdin is not None
        assert self.publisher.stdout is not None
        self.publisher.stdin.write(f"{deed} {number}\n")
        self.publisher.stdin.flush()
        answer = self.publisher.stdout.readline()
        assert answer, f"the publisher of {self.name} ended"
        return json.loads(answer)

    def clear(self) -> None:
        """Forget the effects so far."""
        self.effects.execute("TRUNCATE ledger_entry")

    def count(self) -> int:
        """How many effects are committed."""
        found = self.effects.execute("SELECT count(*) FROM ledger_entry").fetchone()
        return int(found[0]) if found else 0

    def pause(self, *, only: slice = slice(None)) -> None:
        """Stop the workers where they are, while work is laid out for them."""
        for each in self._family(self.workers[only]):
            each.suspend()

    def resume(self, *, only: slice = slice(None)) -> None:
        """Let them go on."""
        for each in self._family(self.workers[only]):
            each.resume()

    def processor_seconds(self) -> float:
        """What workers and engines have used so far, from the scheduler's account in nanoseconds.

        PostgreSQL's share is that of the whole server: the other systems rest meanwhile.
        """
        spent = 0
        for process in self._family([*self.workers, *self.engines]):
            for file in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
                try:
                    spent += int(file.read_text().split()[0])
                except (FileNotFoundError, ProcessLookupError):
                    continue  # a backend or thread that ended since
        return spent / 1e9

    def _family(self, processes: Sequence[psutil.Process]) -> list[psutil.Process]:
        return [each for one in processes for each in (one, *one.children(recursive=True))]


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """The embedded server with its settings of every day, so with fsync on."""
    server = Postgres(folder / "postgres", folder / "run", folder / "postgres.log")
    server.start()
    try:
        yield server
    finally:
        server.destroy()


@contextmanager
def ramet(folder: Path, server: Postgres, name: str = "ramet") -> Iterator[System]:
    """Two services, each with its database and its worker, and a NATS server between them."""
    nats = Nats(folder / f"{name}-nats", folder / f"{name}-nats.log")
    nats.launch()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not nats.is_ready():
            _look_at(deadline, nats.process, nats.log)
            time.sleep(0.02)
        urls = {each: server.create_database(f"{name}_{each}") for each in ("till", "ledger")}
        environments = {
            service: {
                "DJANGO_SETTINGS_MODULE": "events_settings",
                "RAMET_TOML": str(PROJECT / "ramet.toml"),
                "RAMET_SERVICES": service,
                "RAMET_INSTANCE": f"{name}-{service}",
                "RAMET_DATABASE_URL": url,
                "RAMET_BROKER_URL": nats.url(),
                "BENCH_WATCH": str(folder / f"{name}.watch"),
            }
            for service, url in urls.items()
        }
        _migrate(environments.values(), folder)
        command = ["-m", "ramet.processes", "worker"]
        assert nats.process is not None
        with ExitStack() as stack:
            run = stack.enter_context
            workers = [
                run(_running(command, environment, folder / f"{name}-{service}.log"))
                for service, environment in environments.items()
            ]
            publisher = run(_publisher("ramet", environments["till"], folder))
            yield System(
                name,
                effects=run(psycopg.connect(urls["ledger"], autocommit=True)),
                publisher=publisher,
                workers=[psutil.Process(each.pid) for each in workers],
                engines=[_process(server), psutil.Process(nats.process.pid)],
                outbox=run(psycopg.connect(urls["till"], autocommit=True)),
            )
    finally:
        nats.stop()


@contextmanager
def peer(name: str, folder: Path, server: Postgres) -> Iterator[System]:
    """One of PEERS, as its own documentation advises, with one database for everything."""
    with ExitStack() as stack:
        run = stack.enter_context
        url = server.create_database(name)
        environment = {
            "DJANGO_SETTINGS_MODULE": "peers_settings",
            "BENCH_PEER": name,
            "BENCH_DATABASE_URL": url,
            "BENCH_WATCH": str(folder / f"{name}.watch"),
        }
        engines = [_process(server)]
        if name == "celery":
            redis, environment["BENCH_REDIS_URL"] = run(_redis(folder))
            engines.append(redis)
        _migrate([environment], folder)
        worker = run(_running(_WORKERS[name], environment, folder / f"{name}.log"))
        yield System(
            name,
            effects=run(psycopg.connect(url, autocommit=True)),
            publisher=run(_publisher(name, environment, folder)),
            workers=[psutil.Process(worker.pid)],
            engines=engines,
        )


@contextmanager
def _redis(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """With its append-only file, flushed once a second: what Redis itself advises.

    A crash of the machine may so take back a second of acknowledged tasks; NATS and PostgreSQL, as
    they run here, take back nothing.
    """
    port = _free_port()
    home = folder / "redis"
    home.mkdir()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(home)]
    command += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    log = folder / "redis.log"
    with _process_of(command, os.environ, log) as process:
        deadline = time.monotonic() + START_SECONDS
        while not _accepts(port):
            _look_at(deadline, process, log)
            time.sleep(0.02)
        yield psutil.Process(process.pid), f"redis://127.0.0.1:{port}/0"


def _migrate(environments: Any, folder: Path) -> None:
    """Create the tables, of all services at the same time."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(
                _running(
                    ["-m", "django", "migrate", "--run-syncdb", "-v0"],
                    each,
                    folder / "migrate.log",
                )
            )
            for each in environments
        ]
        for process in made:
            if process.wait(START_SECONDS):
                raise RuntimeError((folder / "migrate.log").read_text()[-2000:])


@contextmanager
def _publisher(name: str, environment: dict[str, str], folder: Path) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "events_publisher.py", name],
        cwd=PROJECT,
        env=_with_project(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / f"{name}-publisher.log").open("wb"),
        text=True,
    )
    try:
        yield process
    finally:
        _end(process)


@contextmanager
def _running(
    arguments: list[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, *arguments]
    with _process_of(command, _with_project(environment), log) as process:
        yield process


@contextmanager
def _process_of(
    command: list[str], environment: Any, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as said:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=said, stderr=said, start_new_session=True
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        for each in psutil.Process(process.pid).children(recursive=True):
            each.send_signal(signal.SIGKILL)
        process.kill()
        process.wait()


def _with_project(environment: dict[str, str]) -> dict[str, str]:
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("RAMET_", "DJANGO_"))}
    return outer | environment | {"PYTHONPATH": str(PROJECT)}


def _process(server: Postgres) -> psutil.Process:
    assert server.process is not None
    return psutil.Process(server.process.pid)


def _look_at(deadline: float, process: subprocess.Popen[bytes] | None, log: Path) -> None:
    if process is None or process.poll() is not None or time.monotonic() > deadline:
        raise RuntimeError(f"{log.stem} does not serve: {log.read_text()[-2000:]}")


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
