"""The system of `project/`, running: two services on granian, behind a real Envoy."""

import base64
import hashlib
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psutil

from ramet.system import load, placement
from ramet.tools.gateway import Topology, command, compile, write
from ramet.tools.local import ports
from ramet.tools.local.authority import Authority
from tests.conftest import eventually

PROJECT = Path(__file__).parent / "project"


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Papers:
    """Started on a port of its own; `stop` leaves nothing behind."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ramet-id-", dir="/tmp"))
        self.project = PROJECT
        self.port = ports.unused()
        self.url = f"http://localhost:{self.port}"
        self.issuer = f"{self.url}/o"
        self.keys = self.folder / "secrets" / "signing-keys.pem"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> "Papers":
        # What is denied is written down, so even a service without models has tables.
        for service in ("accounts", "notes"):
            self.manage("migrate", "--run-syncdb", "--verbosity=0", service=service)
        self.manage("shell", "-c", "import accounts.prepare")
        system = load(self.project / "ramet.toml")
        topology = Topology(
            config_dir=self.folder / "envoy",
            run_dir=self.folder,
            host="127.0.0.1",
            port=self.port,
            access_log=self.folder / "access.log",
            certificates=self.certificates(),
            issuer=self.issuer,
        )
        write(topology.config_dir, compile(system, placement(system, "services"), topology))
        for service in ("accounts", "notes"):
            self.spawn(self.server(service), self.environment(service))
        self.spawn(command(topology.config_dir), {"PATH": os.defpath})
        eventually(self.is_ready, within=90, what="both services answer through the gateway")
        return self

    def certificates(self) -> Path:
        """The folder with what gateway and services prove by who they are."""
        authority = Authority("papers", self.folder / "authority", self.folder / "certificates")
        authority.renew(["gateway", "accounts", "notes"])
        return authority.folder

    def server(self, service: str) -> list[str]:
        server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
        return [*server, "--uds", str(self.socket(service)), "papers_wsgi:application"]

    def spawn(self, arguments: list[str], environment: dict[str, str]) -> None:
        with (self.folder / "output.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    arguments, cwd=self.project, env=environment, stdout=log, stderr=log
                )
            )

    def is_ready(self) -> bool:
        for process in self.processes:
            assert process.poll() is None, (self.folder / "output.log").read_text()
        try:
            answers = [self.get("/o/.well-known/jwks.json"), self.get("/notes/plain/")]
        except OSError:
            return False
        return [answer.status for answer in answers] == [200, 200]

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # a server that starts does not hear it
                for each in (*psutil.Process(process.pid).children(recursive=True), process):
                    each.kill()
                process.wait(10)
        shutil.rmtree(self.folder)

    def socket(self, service: str) -> Path:
        return self.folder / f"{service}.web.sock"

    def environment(self, service: str) -> dict[str, str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.project),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PAPERS_DATABASE": str(self.folder / f"{service}.sqlite3"),
            "RAMET_SERVICES": service,
            "RAMET_MESH_URL": f"unix:{self.folder}/{{caller}}.out.sock",
            "RAMET_PUBLIC_URL": self.url,
            "RAMET_ISSUER": self.issuer,
        }
        if service == "accounts":
            environment["RAMET_SIGNING_KEYS"] = str(self.keys)
        return environment

    def manage(self, *arguments: str, service: str = "accounts") -> str:
        """Run manage.py of a service; RuntimeError with what it said where it fails."""
        finished = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.project,
            env=self.environment(service),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if finished.returncode:
            raise RuntimeError(finished.stderr)
        return finished.stdout.strip()

    # ── requests ──────────────────────────────────────────────────────────────────────────────

    def get(self, path: str, *, token: str | None = None, **headers: str) -> Answer:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self._ask(http.client.HTTPConnection("127.0.0.1", self.port), "GET", path, headers)

    def post(
        self,
        path: str,
        form: dict[str, str] | None = None,
        *,
        token: str | None = None,
        client: tuple[str, str] | None = None,
        cookie: str | None = None,
    ) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if client is not None:
            basic = base64.b64encode(":".join(client).encode()).decode()
            headers["Authorization"] = f"Basic {basic}"
        if cookie is not None:
            headers["Cookie"] = cookie
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        return self._ask(connection, "POST", path, headers, urlencode(form or {}))

    def directly(self, service: str, path: str, token: str | None, **headers: str) -> Answer:
        """Past the gateway: ask the service on its own socket."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.socket(service)))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self._ask(connection, "GET", path, headers)

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: dict[str, str],
        body: str | None = None,
    ) -> Answer:
        connection.timeout = 20
        connection.request(method, path, body, {"Host": f"localhost:{self.port}", **headers})
        response = connection.getresponse()
        answer = Answer(response.status, response.msg, response.read())
        connection.close()
        return answer

    # ── the authorization code flow ───────────────────────────────────────────────────────────

    def authorize(self, name: str, **changes: str | None) -> dict[str, str]:
        """What the provider sends the browser of `name` back with; {"status": …} otherwise."""
        cookie = self.get(f"/o/sign-in/?name={name}").headers["Set-Cookie"].partition(";")[0]
        wanted: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "web",
            "redirect_uri": "http://localhost/cb",
            "scope": "openid profile notes:write",
            "state": "s",
            "code_challenge_method": "S256",
            **changes,
        }
        query = urlencode({key: value for key, value in wanted.items() if value is not None})
        answer = self.get(f"/o/authorize/?{query}", Cookie=cookie)
        location = urlsplit(answer.headers["Location"] or "")
        said = parse_qs(location.query or location.fragment)
        return {"status": str(answer.status), **{key: value[0] for key, value in said.items()}}

    def sign_in(self, name: str, scope: str = "openid profile notes:write") -> dict[str, Any]:
        """The token endpoint's answer for `name`."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        said = self.authorize(name, code_challenge=challenge, scope=scope)
        answer = self.post(
            "/o/token/",
            {
                "grant_type": "authorization_code",
                "code": said["code"],
                "redirect_uri": "http://localhost/cb",
                "client_id": "web",
                "code_verifier": verifier,
            },
        )
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def refresh(self, refresh_token: str) -> Answer:
        return self.post(
            "/o/token/",
            {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": "web"},
        )
