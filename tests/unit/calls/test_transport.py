"""The connection of a call: kept, bounded in time, not repeated on its own, not shared by forks."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ramet.calls import DeadlineExceeded, Unavailable, transport
from tests.conftest import eventually

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Handle = Callable[[socket.socket, int], bool]
"""Answers the request of this number; False closes the connection."""


class Server:
    """Reads requests whose bodies have two bytes, and lets `handle` answer."""

    def __init__(self, path: Path) -> None:
        self.address = f"unix:{path}"
        self.handle: Handle = lambda connection, _: not connection.sendall(OK)
        self.connections = self.requests = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        buffer = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in buffer or len(buffer.partition(b"\r\n\r\n")[2]) < 2:
                    received = connection.recv(65536)
                    if not received:
                        return
                    buffer += received
                buffer = buffer.partition(b"\r\n\r\n")[2][2:]
                self.requests += 1
                if not self.handle(connection, self.requests):
                    return

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "s.sock")
    yield made
    made.stop()


def post(server: Server, *, seconds: float = 2.0) -> tuple[int, bytes]:
    return transport.post(server.address, "/x", b"{}", ["X-Header: 1"], seconds=seconds)


def test_a_connection_is_kept(server: Server) -> None:
    for _ in range(4):
        assert post(server) == (200, b"ok")
    assert (server.requests, server.connections) == (4, 1)


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(server)
    monkeypatch.setattr(transport, "_LONGEST_IDLE", 0.0)
    post(server)
    assert (server.requests, server.connections) == (2, 2)


def test_each_thread_has_its_own_connection(server: Server) -> None:
    post(server)
    thread = threading.Thread(target=post, args=(server,))
    thread.start()
    thread.join()
    assert server.connections == 2


def test_a_forked_child_does_not_use_its_parents_connection(server: Server) -> None:
    post(server)
    child = os.fork()
    if child == 0:
        os._exit(0 if post(server) == (200, b"ok") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert post(server) == (200, b"ok")
    assert (server.requests, server.connections) == (3, 2)


def test_the_deadline_bounds_the_whole_exchange(server: Server) -> None:
    def dribble(connection: socket.socket, _: int) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(100):  # a byte each 50 ms: a timeout of the socket alone would never fire
            time.sleep(0.05)
            try:
                connection.sendall(b"x")
            except BrokenPipeError:  # the caller has given up, as it should
                return False
        return False

    server.handle = dribble
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        post(server, seconds=0.3)
    assert 0.25 < time.monotonic() - started < 1.0


def test_a_call_after_one_that_timed_out_gets_its_own_answer(server: Server) -> None:
    answered = threading.Event()

    def late_then_fast(connection: socket.socket, number: int) -> bool:
        if number == 1:
            answered.wait(5)
            return False
        connection.sendall(OK)
        return True

    server.handle = late_then_fast
    with pytest.raises(DeadlineExceeded):
        post(server, seconds=0.1)
    assert post(server) == (200, b"ok")
    answered.set()


def test_a_request_is_never_sent_again(server: Server) -> None:
    def die_on_the_second(connection: socket.socket, number: int) -> bool:
        if number == 2:
            return False  # the callee has the request, and may have acted on it
        connection.sendall(OK)
        return True

    server.handle = die_on_the_second
    post(server)
    with pytest.raises(Unavailable, match="closed before the answer"):
        post(server)
    assert server.requests == 2
    assert post(server) == (200, b"ok")


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(server: Server) -> None:
    closed: list[socket.socket] = []

    def answer_and_close(connection: socket.socket, number: int) -> bool:
        connection.sendall(OK)
        closed.append(connection)
        return number != 1

    server.handle = answer_and_close
    post(server)
    eventually(lambda: closed and closed[0].fileno() == -1)
    assert post(server) == (200, b"ok")
    assert (server.requests, server.connections) == (2, 2)


def test_no_server_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        transport.post(f"unix:{tmp_path}/none.sock", "/x", b"{}", [], seconds=1.0)


@pytest.mark.parametrize(
    ("answer", "expected", "is_kept"),
    [
        (b"HTTP/1.1 503 Gone\r\ncontent-length: 0\r\n\r\n", (503, b""), True),
        (b"HTTP/1.1 200 \r\nCONTENT-LENGTH:3 \r\nx: y\r\n\r\nabc", (200, b"abc"), True),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
            (200, b"abc0123456789"),
            True,
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n",
            (200, b"a"),
            False,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na", (200, b"a"), False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", (200, b"a"), False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, (200, b"ok"), True),
        (OK + b"more than was asked for", (200, b"ok"), False),
    ],
)
@pytest.mark.parametrize("by_bytes", [False, True], ids=["at once", "byte by byte"])
def test_an_answer_is_read_however_it_is_framed(
    server: Server, answer: bytes, expected: tuple[int, bytes], is_kept: bool, by_bytes: bool
) -> None:
    def send(connection: socket.socket, _: int) -> bool:
        if not by_bytes:
            connection.sendall(answer)
        for position in range(len(answer) if by_bytes else 0):
            try:
                connection.send(answer[position : position + 1])
            except BrokenPipeError:  # the caller has read enough
                return False
        return True

    server.handle = send
    assert post(server) == expected
    if is_kept and not by_bytes:
        assert post(server) == expected
        assert server.connections == 1
    if not is_kept and not by_bytes:
        assert post(server) == expected
        assert server.connections == 2


def test_an_answer_may_end_with_the_connection(server: Server) -> None:
    server.handle = lambda connection, _: bool(connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nabc"))
    assert post(server) == (200, b"abc")
    assert post(server) == (200, b"abc")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc",
        b"HTTP/1.1 abc\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000,
    ],
)
def test_an_answer_that_is_not_whole_is_unavailable(server: Server, answer: bytes) -> None:
    def send(connection: socket.socket, _: int) -> bool:
        try:
            connection.sendall(answer)
        except OSError:  # the caller has read enough
            pass
        return False

    server.handle = send
    with pytest.raises(Unavailable):
        post(server)


def test_a_large_body_and_a_large_answer_pass(tmp_path: Path) -> None:
    body = os.urandom(1024 * 1024)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        thread = threading.Thread(target=_echo, args=(listener, len(body)))
        thread.start()
        answer = transport.post(f"unix:{tmp_path}/s", "/x", body, [], seconds=5.0)
        thread.join()
    assert answer == (200, body)


def _echo(listener: socket.socket, size: int) -> None:
    connection, _ = listener.accept()
    with connection:
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < size:
            received += connection.recv(1024 * 1024)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        connection.sendall(received.partition(b"\r\n\r\n")[2])


def test_a_server_that_answers_before_it_has_read_everything_is_heard(tmp_path: Path) -> None:
    def refuse() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            connection.shutdown(socket.SHUT_RD)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        thread = threading.Thread(target=refuse)
        thread.start()
        try:
            answer = transport.post(
                f"unix:{tmp_path}/s", "/x", b"x" * 8 * 1024 * 1024, [], seconds=5.0
            )
        finally:
            thread.join()
    assert answer == (413, b"")


def test_a_proxy_of_the_environment_is_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(server) == (200, b"ok")


def test_an_address_may_be_a_host_and_port() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        received: list[bytes] = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while not (received and received[-1].endswith(b"{}")):
                    received.append(connection.recv(65536))
                connection.sendall(OK)

        thread = threading.Thread(target=serve)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        answer = transport.post(address, "/x", b"{}", [], seconds=2.0)
        thread.join()
    assert answer == (200, b"ok")
    assert b"".join(received).startswith(b"POST /x HTTP/1.1\r\n")


def test_an_address_may_be_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = _self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    accepted: list[object] = []

    def serve() -> None:
        plain, _ = listener.accept()
        with context.wrap_socket(plain, server_side=True) as connection:
            accepted.append(connection)
            for _ in range(2):
                while not connection.recv(65536).endswith(b"{}"):
                    pass
                connection.sendall(OK)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        address = f"https://localhost:{listener.getsockname()[1]}"
        answers = [transport.post(address, "/x", b"{}", [], seconds=3.0) for _ in range(2)]
        thread.join(timeout=5)
    assert answers == [(200, b"ok"), (200, b"ok")]
    assert len(accepted) == 1


def test_a_certificate_that_is_not_trusted_is_unavailable(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))

    def serve() -> None:
        plain, _ = listener.accept()
        try:
            context.wrap_socket(plain, server_side=True)
        except ssl.SSLError:
            plain.close()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(Unavailable, match="certificate"):
            transport.post(
                f"https://localhost:{listener.getsockname()[1]}", "/x", b"{}", [], seconds=3.0
            )
        thread.join(timeout=5)


def _self_signed(folder: Path) -> Path:
    """A key and a certificate for localhost that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "tls.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
