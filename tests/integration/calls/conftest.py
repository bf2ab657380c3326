"""The two placements of one small system, on one PostgreSQL database.

`in process`: all services here. `over HTTP`: this process is the service desk, and depot and bureau
are real web processes, each with granian on a Unix socket.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pycurl
import pytest
import pytest_django
from django.core.management import call_command
from django.db import ConnectionHandler, connection, connections
from django.test import override_settings

from ramet.identity import issuing
from ramet.identity import settings as identity
from ramet.identity.signing import generate
from ramet.identity.signing import load as load_keys
from ramet.placement import Here
from ramet.placement.databases import database as entry
from ramet.placement.environment import Environment
from ramet.system import load
from tests.conftest import Databases, eventually

PROJECT = Path(__file__).resolve().parent / "project"
sys.path.insert(0, str(PROJECT))

IN_PROCESS, OVER_HTTP = "in process", "over HTTP"


@dataclass
class Mesh:
    """The web processes of depot and bureau, started when a test first needs them."""

    folder: Path
    database: str
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def keys(self) -> Path:
        return self.folder / "secrets" / "keys.pem"

    @property
    def template(self) -> str:
        return f"unix:{self.folder}/{{service}}.sock"

    def socket(self, service: str) -> str:
        return f"{self.folder}/{service}.sock"

    def log(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text()

    def start(self) -> None:
        for service in ("depot", "bureau"):
            process = self.processes.get(service)
            if process is None or process.poll() is not None:
                Path(self.socket(service)).unlink(missing_ok=True)
                self.processes[service] = self._start(service)
        for service in ("depot", "bureau"):
            eventually(lambda s=service: self._is_ready(s), within=30, what=service)

    def _is_ready(self, service: str) -> bool:
        try:
            return self.request(service, "GET", "/readyz")[0] == 200
        except pycurl.error:
            return False

    def request(
        self, service: str, method: str, path: str, *, body: bytes = b"", **headers: str
    ) -> tuple[int, Any]:
        """Ask a web process directly; the status and the JSON. `content_type=` and the like."""
        curl = pycurl.Curl()
        curl.setopt(pycurl.UNIX_SOCKET_PATH, self.socket(service))
        curl.setopt(pycurl.URL, f"http://{service}{path}")
        if method == "POST":
            headers = {"content_type": "application/json"} | headers
            curl.setopt(pycurl.POSTFIELDS, body)
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        curl.setopt(pycurl.HTTPHEADER, lines)
        curl.setopt(pycurl.TIMEOUT, 10)
        answer = curl.perform_rb()
        return curl.getinfo(pycurl.RESPONSE_CODE), json.loads(answer)

    def _start(self, service: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
        command += ["--uds", self.socket(service), "--uds-permissions", "600"]
        command += [
            "--blocking-threads",
            "3",
            "--workers-kill-timeout",
            "1",
            "--log-level",
            "warning",
        ]
        command += ["ramet.calls.wsgi:application"]
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "calls_settings",
            "PYTHONPATH": str(PROJECT),
            "RAMET_TOML": str(PROJECT / "ramet.toml"),
            "RAMET_SERVICES": service,
            "RAMET_MESH_URL": self.template,
            "RAMET_DATABASE_URL": self.database,
            "RAMET_SIGNING_KEYS": str(self.keys),
        }
        with open(self.folder / f"{service}.log", "ab") as log:
            return subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # its session is its own, workers included
                process.wait(timeout=5)


@pytest.fixture(scope="package")
def calls_database(
    postgres: Databases, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[str]:
    """A PostgreSQL database with the stored results and a table of effects, as Django's default."""
    url = postgres.create_database("calls")
    handler = ConnectionHandler({"default": entry(url)})
    # Put back as it was, the connection too: other tests may keep a database in memory.
    former = connections.settings["default"], connections["default"]
    connections.settings["default"] = handler.settings["default"]
    connections["default"] = connections.create_connection("default")
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE effects (id bigserial PRIMARY KEY, label text NOT NULL)")
        yield url
        connection.close()
    connections.settings["default"], connections["default"] = former


@pytest.fixture(scope="package")
def mesh(calls_database: str) -> Iterator[Mesh]:
    folder = Path(tempfile.mkdtemp(prefix="ramet-calls-"))
    made = Mesh(folder, calls_database)
    generate(made.keys)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


def place(mesh: Mesh, *services: str) -> Here:
    """This process as the home of some services, with the addresses of the others."""
    system = load(PROJECT / "ramet.toml")
    environment = {
        "RAMET_SERVICES": ",".join(services),
        "RAMET_MESH_URL": mesh.template,
        "RAMET_SIGNING_KEYS": str(mesh.keys),
    }
    return Here(
        system=system,
        services=frozenset(services),
        group="test",
        environment=Environment.read(environment, system),
    )


@pytest.fixture(params=[IN_PROCESS, OVER_HTTP])
def placement(request: pytest.FixtureRequest, mesh: Mesh) -> Iterator[str]:
    """Run the test once in each placement; its value is the name of the placement."""
    for service in ("depot", "bureau"):
        import_module(f"{service}.services")  # as the app does in a real process
    kind: str = request.param
    if kind == OVER_HTTP:
        mesh.start()
    services = ("depot", "bureau", "desk") if kind == IN_PROCESS else ("desk",)
    with override_settings(RAMET=place(mesh, *services)):
        identity.configure(None)
        yield kind
    identity.configure(None)


@pytest.fixture
def label() -> str:
    """A label that no other test uses for its effects."""
    return uuid.uuid4().hex


def effects(label: str) -> int:
    """How many effects have been committed with this label."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM effects WHERE label = %s", [label])
        return int(cursor.fetchone()[0])


@pytest.fixture
def token(mesh: Mesh) -> str:
    """A good access token of the user with the id 00000000-0000-0000-0000-000000000007."""
    return make_token(mesh)


def make_token(mesh: Mesh, lifetime: int = 300) -> str:
    system = load(PROJECT / "ramet.toml")
    return issuing.issue(
        load_keys(mesh.keys)[0],
        issuer=Environment.read({}, system).issuer,
        audience=system.name,
        subject=str(uuid.UUID(int=7)),
        client_id="test",
        lifetime=lifetime,
    )
