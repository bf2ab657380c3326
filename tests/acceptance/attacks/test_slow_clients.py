"""Clients that are slow on purpose hold connections; ordinary ones go on being answered.

slowhttptest by hand: `slowhttptest -H -c 200 -l 15 -u http://localhost:8000/` (`-B`, `-X`, `-R`).
"""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import requests

from tests.acceptance.attacks.attacked_shop import AttackedShop
from tests.conftest import eventually

CONNECTIONS = 200
SECONDS = 12
PATIENCE = 10
"""Seconds that an ordinary request may take here; without an attack it takes some hundredths."""

HEADERS = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: "
BODY = (
    b"POST /api/v1/users/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)
READ = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

MODES = {
    "headers": ["-H", "-i", "2", "-p", "3"],
    "body": ["-B", "-i", "2", "-s", "8192", "-p", "3"],
    "read": ["-X", "-w", "10", "-y", "20", "-n", "2", "-z", "16", "-k", "3", "-p", "3"],
    "ranges": ["-R", "-a", "10", "-b", "3000", "-p", "3"],
}
PATHS = {"body": "/api/v1/users/"}


@pytest.mark.parametrize("sent", [HEADERS, BODY, READ], ids=["headers", "body", "read"])
def test_a_hundred_that_dribble_keep_nobody_out(shop: AttackedShop, sent: bytes) -> None:
    slow = [_slow_connection(shop, sent) for _ in range(100)]
    try:
        with _ordinary_requests(shop) as taken:
            eventually(lambda: len(taken) >= 10, within=PATIENCE * 3, what="ten ordinary requests")
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("sent", [HEADERS, BODY], ids=["headers", "body"])
def test_who_dribbles_without_end_is_cut_off(shop: AttackedShop, sent: bytes) -> None:
    """By a limit of the whole, not of a pause: a byte a second never pauses for long."""
    with _slow_connection(shop, sent) as connection:
        ended: list[bytes] = []

        def is_ended() -> bool:
            with suppress(TimeoutError, BlockingIOError):
                connection.settimeout(0.2)
                with suppress(BrokenPipeError):
                    connection.send(b"x")
                ended.append(connection.recv(4096))
            return bool(ended)

        eventually(is_ended, within=60, every=1, what="the gateway ends the connection")
        assert ended[0] == b"" or ended[0].startswith(b"HTTP/1.1 408 "), ended


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("slowhttptest"), reason="needs Debian's slowhttptest")
@pytest.mark.parametrize("mode", MODES)
def test_slowhttptest_keeps_nobody_out(shop: AttackedShop, mode: str) -> None:
    url = shop.url + PATHS.get(mode, "/")
    bounds = ["-c", str(CONNECTIONS), "-r", "100", "-l", str(SECONDS)]
    verb = "POST" if mode == "body" else "GET"
    with _ordinary_requests(shop) as taken:
        attack = subprocess.Popen(
            ["slowhttptest", *MODES[mode], *bounds, "-u", url, "-t", verb],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            report, _ = attack.communicate(timeout=SECONDS * 4)
        finally:
            attack.kill()
            attack.wait()
    assert "service available" in report, report
    assert "NO" not in report.rsplit("service available", 1)[1].split("\n")[0], report
    assert len(taken) >= 5, f"hardly an ordinary request was answered: {taken}"


@contextmanager
def _ordinary_requests(shop: AttackedShop) -> Iterator[list[float]]:
    """A customer who goes on shopping; gives how long each request took, and fails if one fails."""
    taken: list[float] = []
    failed: list[object] = []
    done = threading.Event()
    sku = shop.in_stock(1)[0]
    paths = ("/", f"/api/v1/products/{sku}/", "/api/v1/orders/", "/probe/echo")
    shop.token()

    def shopping() -> None:
        while not done.wait(0.05):
            for path in paths:
                began = time.monotonic()
                try:
                    answer = shop.call("GET", path)
                    if answer.status_code != 200:
                        failed.append(f"{path}: {answer.status_code} {answer.text[:300]}")
                except requests.RequestException as error:
                    failed.append(error)
                taken.append(time.monotonic() - began)

    customer = threading.Thread(target=shopping)
    customer.start()
    try:
        yield taken
    finally:
        done.set()
        customer.join(60)
    assert not failed, failed
    assert max(taken) < PATIENCE, f"an ordinary request took {max(taken):.1f} s"


def _slow_connection(shop: AttackedShop, sent: bytes) -> socket.socket:
    connection = socket.socket()
    # A small window, set before the handshake: whoever does not read holds back what is sent.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256)
    connection.settimeout(5)
    connection.connect(("127.0.0.1", shop.port))
    connection.sendall(sent)
    return connection
