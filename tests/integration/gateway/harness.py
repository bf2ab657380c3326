"""A real Envoy in front of upstreams that write down every byte they are given."""

import http.client
import json
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

from ramet.identity import issuing
from ramet.system import (
    Gateway,
    Infrastructure,
    Policy,
    Service,
    Switches,
    System,
    Telemetry,
    placement,
)
from ramet.system.least_privilege import Grant
from ramet.tools.gateway import Topology, command, compile, write
from ramet.tools.local import ports
from ramet.tools.local.authority import Authority
from tests.conftest import eventually

ISSUER = "http://localhost:8000/o"
ALICE = "6f1d1a9e-5b2c-4c55-9c0e-2f3a4b5c6d7e"
ROUTES: dict[str, tuple[str, ...]] = {
    "users": ("/o/",),
    "orders": ("/api/v1/orders/",),
    "products": ("/api/v1/products/",),
    "storefront": ("/",),
}


@dataclass
class Received:
    """One request as it reached an upstream."""

    method: str
    target: str
    headers: Message
    body: bytes


CONTRACT = "shop.{service}.v1.Contract"
"""Every service has one."""

Responder = Callable[[Received], tuple[int, Mapping[str, str], bytes] | None]


def plain(request: Received) -> tuple[int, Mapping[str, str], bytes]:
    return 200, {"Content-Type": "text/plain"}, b"ok"


class Upstream:
    """An HTTP/1.1 server on a Unix socket. A responder that gives None drops the connection."""

    def __init__(self, path: Path, respond: Responder = plain) -> None:
        self.received: list[Received] = []
        self.respond = respond
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else self._chunks()
                request = Received(self.command, self.path, self.headers, body)
                upstream.received.append(request)
                answer = upstream.respond(request)
                if answer is None:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, headers, content = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _chunks(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return b""
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def address_string(self) -> str:
                return "unix"

            def log_message(self, *args: object) -> None:
                """Silence: what matters is in `received`."""

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            setattr(Handler, f"do_{method}", Handler.handle_any)

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *args: object) -> None:
                """A caller that is gone; the test sees it on its own side."""

        self._server = Server(str(path), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        Path(str(self._server.server_address)).unlink(missing_ok=True)


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Edge:
    """A gateway with its upstreams, in a short folder of its own."""

    routes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(ROUTES))
    with_issuer: bool = True
    endpoints: dict[str, tuple[str, ...]] = field(default_factory=dict)
    grants: frozenset[Grant] | None = None
    """None: every service may call the contract of every other one."""
    mesh_addresses: dict[str, str] = field(default_factory=dict)
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    port: int = field(default_factory=ports.unused)
    # Keys of [gateway] and of the services, as the model has them; what an operator switched.
    gateway: dict[str, Any] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    certificate: tuple[Path, Path] | None = None
    telemetry: Telemetry = field(default_factory=Telemetry)
    telemetry_url: str | None = None
    telemetry_headers: tuple[tuple[str, str], ...] = ()
    infrastructure: Infrastructure = field(default_factory=Infrastructure)
    rate_service: str | None = None

    def __post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ramet-gw-", dir="/tmp"))
        self.key = RSAKey.generate_key(2048)
        self.fetches = 0
        secrets = self.folder / "secrets"
        self.authority = Authority("shop", secrets, secrets / "certificates")

    @property
    def policy(self) -> Policy:
        if self.grants is not None:
            return Policy(self.grants)
        return Policy(
            frozenset(
                Grant(callee, CONTRACT.format(service=callee), caller, "test:1")
                for callee in self.routes
                for caller in self.routes
                if callee != caller
            )
        )

    @property
    def system(self) -> System:
        services = {
            name: Service(
                name, routes=routes, **{"apps": (f"shop.{name}",)} | self.services.get(name, {})
            )
            for name, routes in self.routes.items()
        }
        issuer = "users" if self.with_issuer else None
        gateway = Gateway("127.0.0.1", self.port, issuer, **self.gateway)
        toml = self.folder / "ramet.toml"
        return System(
            "shop",
            "shop.settings",
            services,
            gateway,
            self.infrastructure,
            toml,
            telemetry=self.telemetry,
        )

    @property
    def topology(self) -> Topology:
        return Topology(
            config_dir=self.folder / "envoy",
            run_dir=self.folder,
            host="127.0.0.1",
            port=self.port,
            access_log=self.folder / "access.log",
            certificates=self.authority.folder,
            endpoints=self.endpoints,
            mesh=self.mesh_addresses,
            issuer=ISSUER,
            certificate=self.certificate[0] if self.certificate else None,
            key=self.certificate[1] if self.certificate else None,
            rate_service=self.rate_service,
            telemetry=self.telemetry_url,
            telemetry_headers=self.telemetry_headers,
        )

    def configure(self) -> tuple[str, ...]:
        """Compile and write what the fields say now; a running Envoy takes it up."""
        self.authority.renew(["gateway", *self.routes])
        groups = placement(self.system, "services")
        files = compile(self.system, groups, self.topology, self.policy, self.switches)
        return write(self.topology.config_dir, files)

    def start(self) -> "Edge":
        for name in self.routes:
            respond = self.keys if name == "users" else plain
            self.upstreams[name] = Upstream(self.folder / f"{name}.web.sock", respond)
        self.configure()
        self.log = (self.folder / "envoy.log").open("ab")
        return self.restart()

    def restart(self) -> "Edge":
        """Start Envoy on the files that are there."""
        self.fetches = 0
        self.process = subprocess.Popen(command(self.topology.config_dir), stderr=self.log)
        eventually(self._is_ready, within=15, what="Envoy is ready")
        return self

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
        for upstream in self.upstreams.values():
            upstream.stop()
        shutil.rmtree(self.folder)

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, (self.folder / "envoy.log").read_text()
        try:
            ready = b" 200 " in self.admin("GET /ready")
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return ready and (self.fetches > 0 or not self.with_issuer)
        except OSError:
            return False

    def admin(self, line: str) -> bytes:
        """Ask Envoy's own interface."""
        request = f"{line} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n".encode()
        return exchange(str(self.topology.admin_socket), request)

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    def keys(self, request: Received) -> tuple[int, Mapping[str, str], bytes]:
        if not request.target.startswith("/o/.well-known/jwks.json"):
            return plain(request)
        self.fetches += 1
        public = {**self.key.as_dict(private=False), "kid": self.key.thumbprint(), "alg": "RS256"}
        content = json.dumps({"keys": [public]}).encode()
        return 200, {"Content-Type": "application/json"}, content

    def token(self, **changes: Any) -> str:
        wanted: dict[str, Any] = {
            "issuer": ISSUER,
            "audience": "shop",
            "subject": ALICE,
            "client_id": "storefront",
            "username": "alice",
            "scopes": ["openid"],
        }
        key = changes.pop("key", self.key)
        return issuing.issue(key.as_pem(private=True).decode(), **{**wanted, **changes})

    # ── requests ──────────────────────────────────────────────────────────────────────────────

    def raw(self, request: bytes) -> bytes:
        """Send these bytes to the gateway and give what comes until it closes or is silent."""
        return exchange(("127.0.0.1", self.port), request)

    def get(
        self, path: str, *, method: str = "GET", body: bytes | None = None, **more: str
    ) -> Answer:
        if self.certificate:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=20, context=self.trusting()
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        return _ask(connection, method, path, body, more)

    def trusting(self) -> ssl.SSLContext:
        """A client's context that believes the gateway's certificate, and no other."""
        assert self.certificate
        return ssl.create_default_context(cafile=str(self.certificate[0]))

    def call(
        self,
        service: str,
        path: str = "",
        *,
        caller: str = "",
        method: str = "POST",
        body: bytes | None = b"{}",
        **headers: str,
    ) -> Answer:
        """What a process of `caller` asks of `service`, by default an operation of its contract."""
        caller = caller or next(name for name in self.routes if name != service)
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.topology.out_socket(caller)))
        path = path or f"/.ramet/calls/{CONTRACT.format(service=service)}/do"
        return _ask(connection, method, path, body, {"x_ramet_service": service, **headers})

    def reached(self) -> list[tuple[str, str]]:
        """(service, target) of every request that got through, the fetches of keys left out."""
        return [
            (name, request.target)
            for name, upstream in self.upstreams.items()
            for request in upstream.received
            if "jwks.json" not in request.target
        ]

    def forget(self) -> None:
        for upstream in self.upstreams.values():
            upstream.received.clear()
            upstream.respond = plain
        self.upstreams["users"].respond = self.keys


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
) -> Answer:
    dashed = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, dashed)
    response = connection.getresponse()
    answer = Answer(response.status, response.msg, response.read())
    connection.close()
    return answer


def exchange(address: Any, request: bytes, *, silence: float = 0.2) -> bytes:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as connection:
        connection.settimeout(5)
        connection.connect(address)
        connection.sendall(request)
        answer = b""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            # After an answer, silence is its end; before one, the service may still be at work.
            connection.settimeout(silence if answer else 8)
            try:
                part = connection.recv(65536)
            except (TimeoutError, ConnectionResetError):
                break
            if not part:
                break
            answer += part
        return answer
