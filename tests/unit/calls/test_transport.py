"""The connection of a call: kept, bounded in time, not repeated on its own, not shared by forks."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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


def post(server: Server, *, seconds: float = 2.0, repeatable: bool = False) -> tuple[int, bytes]:
    return transport.post(
        server.address, "/x", b"{}", ["Expect:"], seconds=seconds, repeatable=repeatable
    )


def test_a_connection_is_kept(server: Server) -> None:
    for repeatable in (True, False, True, False):
        assert post(server, repeatable=repeatable) == (200, b"ok")
    assert (server.requests, server.connections) == (4, 1)


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


@pytest.mark.parametrize(("repeatable", "sent"), [(False, 2), (True, 3)])
def test_only_a_repeatable_request_is_sent_again_when_the_connection_dies(
    server: Server, repeatable: bool, sent: int
) -> None:
    def die_on_the_second(connection: socket.socket, number: int) -> bool:
        if number == 2:
            return False  # the callee has the request, and may have acted on it
        connection.sendall(OK)
        return True

    server.handle = die_on_the_second
    post(server, repeatable=repeatable)
    if repeatable:
        assert post(server, repeatable=True) == (200, b"ok")
    else:
        with pytest.raises(Unavailable):
            post(server)
    assert server.requests == sent


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
        transport.post(f"unix:{tmp_path}/none.sock", "/x", b"{}", [], seconds=1.0, repeatable=False)


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
        answer = transport.post(address, "/x", b"{}", [], seconds=2.0, repeatable=False)
        thread.join()
    assert answer == (200, b"ok")
    assert b"".join(received).startswith(b"POST /x HTTP/1.1\r\n")
