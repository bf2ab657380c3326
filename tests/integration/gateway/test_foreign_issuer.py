"""An issuer outside the system: its keys are fetched over TLS that is checked."""

import re
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ramet.system import Gateway, Infrastructure, Service, System, placement
from ramet.tools.gateway import Topology, command, compile, write
from ramet.tools.local import ports
from tests.certificates import self_signed
from tests.integration.gateway.harness import exchange


@dataclass
class Issuer:
    """An HTTPS server that vouches for itself, under one name."""

    port: int
    certificate: Path
    asked: list[str]


@pytest.fixture(params=["localhost"])
def issuer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Issuer]:
    """Serves on loopback with a certificate for the name that the parameter says."""
    pem = tmp_path / "server.pem"
    pem.write_bytes(self_signed(request.param))
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Issuer(server.server_address[1], pem, asked)
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def gateway(issuer: Issuer, folder: Path, **changes: Any) -> Iterator[Callable[[], str]]:
    """A gateway that takes tokens of `issuer`; gives a function that reads its TLS statistics."""
    services = {"orders": Service("orders", apps=("orders",), routes=("/",))}
    listen = Gateway("127.0.0.1", ports.unused(), f"https://localhost:{issuer.port}/realm")
    system = System("shop", "s", services, listen, Infrastructure(), folder / "ramet.toml")
    topology = Topology(
        config_dir=folder / "envoy",
        run_dir=folder,
        host=listen.host,
        port=listen.port,
        access_log=folder / "access.log",
        **changes,
    )
    write(topology.config_dir, compile(system, placement(system, "services"), topology))
    question = b"GET /stats?filter=cluster.issuer.ssl HTTP/1.1\r\nHost: a\r\n\r\n"

    def statistics() -> str:
        assert process.poll() is None, (folder / "envoy.log").read_text()
        try:
            return exchange(str(topology.admin_socket), question).decode()
        except OSError:
            return ""

    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(command(topology.config_dir), stderr=log)
    try:
        yield statistics
    finally:
        process.terminate()
        process.wait(10)


def test_an_issuer_with_a_trusted_certificate_is_asked_for_its_keys(
    issuer: Issuer, tmp_path: Path, eventually: Callable[..., object]
) -> None:
    with gateway(issuer, tmp_path, ca_bundle=issuer.certificate):
        eventually(lambda: issuer.asked, within=15)
    assert set(issuer.asked) == {"/realm/.well-known/jwks.json"}


def test_an_issuer_that_nobody_vouches_for_is_never_asked(
    issuer: Issuer, tmp_path: Path, eventually: Callable[..., object]
) -> None:
    with gateway(issuer, tmp_path) as statistics:
        eventually(lambda: re.search(r"ssl.fail_verify_error: [1-9]", statistics()), within=15)
    assert issuer.asked == []


@pytest.mark.parametrize("issuer", ["evil.example"], indirect=True)
def test_a_trusted_certificate_for_another_name_is_refused(
    issuer: Issuer, tmp_path: Path, eventually: Callable[..., object]
) -> None:
    with gateway(issuer, tmp_path, ca_bundle=issuer.certificate) as statistics:
        eventually(lambda: re.search(r"ssl.fail_verify_san: [1-9]", statistics()), within=15)
    assert issuer.asked == []
