"""The endpoints of a process that serves no requests, asked by curl's own client."""

import json
import os
import socket
import stat
import threading
import time
from pathlib import Path

import pycurl
import pytest
from structlog.testing import capture_logs

from ramet.telemetry.listening import MOST, listen
from ramet.tools.local import ports

pytestmark = pytest.mark.django_db


def ask(path: str, *, at: Path | None = None, host: str = "localhost") -> tuple[int, bytes]:
    curl = pycurl.Curl()
    if at is not None:
        curl.setopt(pycurl.UNIX_SOCKET_PATH, str(at))
    curl.setopt(pycurl.URL, f"http://{host}{path}")
    curl.setopt(pycurl.TIMEOUT, 10)
    body = curl.perform_rb()
    return curl.getinfo(pycurl.RESPONSE_CODE), body


def test_a_unix_socket_answers_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.sock"
    path.touch()  # what a killed process left
    listen(f"unix:{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    status, body = ask("/livez", at=path)
    assert (status, json.loads(body)["status"]) == (200, "pass")
    status, body = ask("/metrics", at=path)
    assert status == 200
    assert b"ramet_metrics_source_up" in body


def test_a_port_answers_and_nothing_else_is_served() -> None:
    port = ports.unused()
    listen(f"127.0.0.1:{port}")
    assert ask("/livez?verbose", host=f"127.0.0.1:{port}")[0] == 200
    assert ask("/admin", host=f"127.0.0.1:{port}")[0] == 404


def test_a_fork_does_not_keep_the_address() -> None:
    port = ports.unused()
    listen(f"127.0.0.1:{port}")
    own = {f"socket:[{inode}]" for inode in listening_at(port)}
    child = os.fork()
    if child == 0:
        kept = {os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
        os._exit(len(own & kept))
    assert len(own) == 1
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def listening_at(port: int) -> list[str]:
    """Inodes of the sockets there, see proc(5)."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return [row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"]


def test_who_only_holds_connections_takes_neither_threads_nor_answers() -> None:
    port = ports.unused()
    listen(f"127.0.0.1:{port}")
    before = threading.active_count()
    holding = [socket.create_connection(("127.0.0.1", port)) for _ in range(3 * MOST)]
    try:
        began = time.monotonic()
        assert ask("/livez", host=f"127.0.0.1:{port}")[0] == 200
        assert time.monotonic() - began < 2
        assert threading.active_count() - before <= MOST
    finally:
        for each in holding:
            each.close()


INTERFACES = Path("/proc/net/if_inet6")


@pytest.mark.skipif(
    not (INTERFACES.exists() and " lo" in INTERFACES.read_text()), reason="no IPv6 here"
)
def test_a_port_of_ipv6_answers_as_well() -> None:
    port = ports.unused()
    listen(f"[::1]:{port}")
    assert ask("/livez", host=f"[::1]:{port}")[0] == 200


def test_an_address_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    with capture_logs() as lines:
        listen(f"unix:{tmp_path}/no/such.sock")
    assert [line["event"] for line in lines] == ["health.not_listening"]
