"""The system of `project/` with an issuer of which it knows only the URL: oidc-provider of npm."""

import base64
import hashlib
import http.client
import json
import os
import re
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from ramet.cli._issuer import ForeignIssuer
from ramet.system import load, placement
from ramet.tools.gateway import Topology, command, compile, limits, write
from ramet.tools.local import ports
from tests.conftest import eventually
from tests.integration.identity.papers import Answer, Papers

NODE = Path(__file__).parents[2] / "node"
CALLBACK = "http://127.0.0.1/callback"


def need_oidc_provider() -> None:
    """Skip where Node.js, or what `make` installs for it, is missing."""
    if shutil.which("node") is None or not (NODE / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("needs Node.js and: make tests/node/node_modules/.installed")


class Provider:
    """tests/node/provider.mjs as a process. `says` is the issuer that it takes itself for."""

    def __init__(self, port: int, says: str, log: IO[bytes], *dialect: str) -> None:
        self.port = port
        arguments = ["node", "provider.mjs", str(port), says, "papers", *dialect]
        self.process = subprocess.Popen(
            arguments, cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        self._await("ready")

    def do(self, deed: str) -> None:
        """rotate, garbage or sense."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{deed}\n".encode())
        self.process.stdin.flush()
        self._await(deed)

    def _await(self, line: str) -> None:
        assert self.process.stdout is not None
        # Notices of oidc-provider stand between what is ours.
        while (said := self.process.stdout.readline()) != f"{line}\n".encode():
            assert said, f"the provider ended before it said {line!r}"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    def of_a_program(self, scope: str = "notes:write") -> str:
        """An access token by client credentials."""
        secret = base64.b64encode(b"robot:robot-secret-of-a-test").decode()
        form = {"grant_type": "client_credentials", "scope": scope}
        return str(self._token(form, Authorization=f"Basic {secret}")["access_token"])

    def of_alice(self) -> dict[str, Any]:
        """What the token endpoint gives for a code with PKCE, as a browser gets it."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": "web",
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid notes:read",
            "resource": "urn:notes",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        location, cookies = f"/auth?{urlencode(query)}", dict[str, str]()
        while not location.startswith(CALLBACK):
            parts = urlsplit(location)
            answer = self._ask("GET", f"{parts.path}?{parts.query}", Cookie=_joined(cookies))
            assert answer.status == 303, answer.body
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                cookies[name] = value
            location = answer.headers["Location"]
        said = parse_qs(urlsplit(location).query)
        assert "code" in said, said
        return self._token(
            {
                "grant_type": "authorization_code",
                "client_id": "web",
                "code": said["code"][0],
                "redirect_uri": CALLBACK,
                "code_verifier": verifier,
            }
        )

    def _token(self, form: dict[str, str], **headers: str) -> dict[str, Any]:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self._ask("POST", "/token", urlencode(form), **headers)
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def _ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers["Host"] = f"localhost:{self.port}"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.msg, response.read())
        connection.close()
        return answer


def _joined(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


class Abroad(Papers):
    """The service notes and a gateway; the provider is started when a test says so.

    `declared` are further lines of [gateway].
    """

    def __init__(self, declared: str = "") -> None:
        super().__init__()
        self.provider_port = ports.unused()
        self.issuer = f"http://localhost:{self.provider_port}"
        self.project = Path(shutil.copytree(self.project, self.folder / "project"))
        toml = self.project / "ramet.toml"
        text = re.sub(r'issuer = ".*"', f'issuer = "{self.issuer}"\n{declared}', toml.read_text())
        toml.write_text(text)
        self.reports: list[str] = []
        self.foreign = ForeignIssuer(self.issuer, self.folder / "issuer.json", self.reports.append)
        self.provider: Provider | None = None
        self._output = (self.folder / "node.log").open("ab")

    def start(self) -> "Abroad":
        """The service and the gateway, as they start beside a provider that may be away."""
        self.certificates()
        self.configure()
        # What is denied is written down, so even a service without models has tables.
        self.manage("migrate", "--run-syncdb", "--verbosity=0", service="notes")
        self.spawn(self.server("notes"), self.environment("notes"))
        self.spawn(command(self.topology.config_dir), {"PATH": os.defpath})
        eventually(self.is_ready, within=60, what="the service answers through the gateway")
        return self

    def start_provider(self, says: str | None = None, *dialect: str) -> Provider:
        says = says or self.issuer
        self.provider = Provider(self.provider_port, says, self._output, *dialect)
        return self.provider

    def stop_provider(self) -> None:
        if self.provider is not None:
            self.provider.stop()
            self.provider = None

    @property
    def topology(self) -> Topology:
        return Topology(
            config_dir=self.folder / "envoy",
            run_dir=self.folder,
            host="127.0.0.1",
            port=self.port,
            access_log=self.folder / "access.log",
            certificates=self.folder / "certificates",
            jwks_url=self.foreign.jwks_url,
        )

    def configure(self) -> None:
        """As `ramet up` does: ask the issuer, and write what follows for Envoy."""
        self.foreign.ask()
        system = load(self.project / "ramet.toml")
        write(
            self.topology.config_dir, compile(system, placement(system, "services"), self.topology)
        )

    def is_ready(self) -> bool:
        for process in self.processes:
            assert process.poll() is None, self.log
        try:
            return self.get("/notes/plain/").status == 200
        except OSError:
            return False

    def environment(self, service: str) -> dict[str, str]:
        environment = super().environment(service)
        del environment["RAMET_ISSUER"]
        return environment

    @property
    def log(self) -> str:
        """What the service and Envoy wrote."""
        return (self.folder / "output.log").read_text()

    def statuses(self, token: str) -> tuple[int, int]:
        """Of a request through the gateway, and of one to the service itself."""
        through = self.get("/notes/plain/", token=token)
        return through.status, self.directly("notes", "/notes/plain/", token).status

    def stop(self) -> None:
        self.stop_provider()
        self._output.close()
        super().stop()


def with_quick_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Envoy fetch keys every second, not every five minutes."""
    monkeypatch.setattr(limits, "KEYS_FRESH", 1)


def forged(issuer: str) -> str:
    """A token that looks like one of the issuer's, and that nobody signed."""
    header = {"alg": "RS256", "typ": "at+jwt", "kid": "made-up"}
    claims = {"iss": issuer, "aud": "papers", "sub": "x", "client_id": "x", "exp": 2_000_000_000}
    parts = [json.dumps(part).encode() for part in (header, claims)] + [b"x" * 256]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
