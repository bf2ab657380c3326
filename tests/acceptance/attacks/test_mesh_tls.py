"""What sslyze finds at a mesh listener of the running shop, with a service's certificate."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.integration.gateway.sslyze import Scan, scan


def test_the_mesh_speaks_tls_1_3_only(shop: AttackedShop, tmp_path: Path) -> None:
    """All of its suites have forward secrecy (RFC 8446), and there is nothing to fall back to."""
    found = _scan(shop, "products", tmp_path, "orders")
    assert set(found.suites()) == {"TLS 1.3"}
    assert found.result("tls_1_3_early_data") == {"supports_early_data": False}
    assert not found.result("openssl_ccs_injection")["is_vulnerable_to_ccs_injection"]
    assert not found.result("heartbleed")["is_vulnerable_to_heartbleed"]


def _scan(shop: AttackedShop, service: str, folder: Path, caller: str) -> Scan:
    papers = shop.private.certificates / caller
    with _port_of(shop.private.run / f"{service}.mesh.sock") as port:
        return scan(port, folder, f"--cert={papers / 'tls.crt'}", f"--key={papers / 'tls.key'}")


@contextmanager
def _port_of(path: Path) -> Iterator[int]:
    """A port of this machine that leads to a Unix socket, for a program that knows only ports."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as inside:
                inside.connect(str(path))
                back = threading.Thread(target=_pass_on, args=(inside, self.request))
                back.start()
                _pass_on(self.request, inside)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            serving.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
