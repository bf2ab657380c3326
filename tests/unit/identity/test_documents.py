"""Whatever answers in the issuer's place: no fetch takes long or much memory, or goes astray."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest

from ramet.identity import KeysUnavailable, documents, jwks
from tests.certificates import self_signed
from tests.unit.identity.answering import Provider, answering


@pytest.fixture
def provider() -> Iterator[Provider]:
    with answering() as running:
        yield running


def dribble(handler: BaseHTTPRequestHandler) -> None:
    """One byte at a time: no single step is slow."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.02)
    except OSError:
        return


def dribble_headers(handler: BaseHTTPRequestHandler) -> None:
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 60_000:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.02)
    except OSError:
        return


@pytest.mark.parametrize("slow", [dribble, dribble_headers])
def test_a_server_that_sends_byte_by_byte_is_cut_off(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, slow: object
) -> None:
    monkeypatch.setattr(documents, "_WHOLE_SECONDS", 0.3)
    provider.answers["/keys"] = slow
    with pytest.raises(KeysUnavailable, match=r"took longer than 0\.3 s"):
        documents.fetch(f"{provider.url}/keys")


def test_a_key_set_of_ten_thousand_keys_is_refused_unread(provider: Provider) -> None:
    key = {"kty": "RSA", "n": "x" * 342, "e": "AQAB"}
    provider.answers["/keys"] = {"keys": [{**key, "kid": str(n)} for n in range(10_000)]}
    with pytest.raises(KeysUnavailable, match="more than 262144 bytes"):
        jwks.fetch(f"{provider.url}/keys")


def test_no_redirect_is_followed(provider: Provider) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/other")
        handler.end_headers()

    provider.answers.update({"/keys": elsewhere, "/other": {}})
    with pytest.raises(documents.NotThere, match="answered 302"):
        documents.fetch(f"{provider.url}/keys")
    assert provider.asked == ["/keys"]


def test_a_connection_that_is_closed_at_once_is_told(provider: Provider) -> None:
    provider.answers["/keys"] = lambda handler: handler.connection.close()
    with pytest.raises(KeysUnavailable, match=f"{provider.url}/keys: "):
        documents.fetch(f"{provider.url}/keys")


@pytest.mark.parametrize("url", ["", "ftp://x/y", "unix:/a", "http:///x", "file:///etc/passwd"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(KeysUnavailable, match="no address of a key set"):
        documents.fetch(url)


def test_a_socket_that_nobody_listens_on_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailable, match="No such file"):
        documents.fetch(f"unix:{tmp_path}/users.mesh.sock/o/.well-known/jwks.json")


@pytest.mark.parametrize(
    ("name", "is_trusted", "said"),
    [
        ("localhost", True, None),
        ("localhost", False, "certificate verify failed"),
        ("evil.example", True, "certificate verify failed: Hostname mismatch"),
    ],
)
def test_a_certificate_has_to_be_trusted_and_for_this_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_trusted: bool, said: str | None
) -> None:
    certificate = tmp_path / "server.pem"
    certificate.write_bytes(self_signed(name))
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with answering(certificate) as provider:
        provider.answers["/keys"] = {"keys": []}
        if said is None:
            assert documents.fetch(f"{provider.url}/keys") == {"keys": []}
            return
        with pytest.raises(KeysUnavailable, match=said):
            documents.fetch(f"{provider.url}/keys")
        assert provider.asked == []


def test_over_the_mesh_the_service_is_named_in_a_header(tmp_path: Path) -> None:
    """One socket leads to every service."""
    path = tmp_path / "out.sock"
    received: list[bytes] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            received.append(connection.recv(4096))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert documents.fetch(f"http+unix://users@{quote(str(path), safe='')}/o/keys") == {}
        thread.join(10)
    assert received[0].startswith(b"GET /o/keys HTTP/1.1\r\n")
    assert b"\r\nx-ramet-service: users\r\n" in received[0]
