"""WebSockets and server-sent events of a service that is not Django pass, where they may."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ramet.tools.gateway import limits
from tests.conftest import eventually
from tests.integration.gateway import papers
from tests.integration.gateway.harness import Edge
from tests.integration.gateway.http2 import Http2

BEFORE_SILENCE = 1


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """A gateway whose other limits are short, and a real program behind it."""
    patch = pytest.MonkeyPatch()
    for name in ("ROUTE_TIMEOUT", "REQUEST_TIMEOUT", "STREAM_IDLE"):
        patch.setattr(limits, name, BEFORE_SILENCE)
    edge = Edge(
        routes={"users": ("/o/",), "live": ("/live/", "/api/")},
        services={"live": {"streams": ("/live/",)}},
        gateway={"tls": "local"},
    )
    edge.certificate = papers.certificate(tmp_path_factory.mktemp("tls"))
    edge.start()
    edge.upstreams.pop("live").stop()
    socket = edge.folder / "live.web.sock"
    program = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "live.py")],
        env={**os.environ, "RAMET_SOCKET": str(socket)},
    )
    try:
        eventually(socket.is_socket, within=20, what="the program serves")
        eventually(lambda: edge.get("/api/next").status == 200, within=20)
        yield edge
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait(10)
        edge.stop()
        patch.undo()


def dial(edge: Edge, path: str, **headers: str) -> ClientConnection:
    context = edge.trusting()
    context.set_alpn_protocols(["http/1.1"])
    return connect(
        f"wss://localhost:{edge.port}{path}", ssl=context, additional_headers=headers, proxy=None
    )


def test_a_websocket_echoes(live: Edge) -> None:
    with dial(live, "/live/echo") as socket:
        for text in ("one", "x" * 100_000):
            socket.send(text)
            assert socket.recv(timeout=10) == text


def test_a_websocket_lives_longer_than_an_answer_may(live: Edge) -> None:
    with dial(live, "/live/echo") as socket:
        with pytest.raises(TimeoutError):
            socket.recv(timeout=2 * BEFORE_SILENCE)  # silence is what is tested
        socket.send("still here")
        assert socket.recv(timeout=10) == "still here"


def test_a_websocket_with_a_bad_token_is_refused(live: Edge) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(live, "/live/echo", Authorization="Bearer nonsense")
    assert refused.value.response.status_code == 401


def test_a_websocket_outside_the_streams_is_refused(live: Edge) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(live, "/api/echo")
    assert refused.value.response.status_code == 403


def test_each_event_arrives_when_it_is_sent_and_the_stream_has_no_end(
    live: Edge, eventually: Callable[..., object]
) -> None:
    connection = http.client.HTTPSConnection(
        "localhost", live.port, timeout=10, context=live.trusting()
    )
    connection.request("GET", "/live/count", headers={"Accept": "text/event-stream"})
    stream = connection.getresponse()
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    for number in (1, 2, 3):
        assert live.get("/api/next").status == 200
        assert stream.readline() == f"data: {number}\n".encode()
        assert stream.readline() == b"\n"
    connection.close()


@pytest.fixture
def http2(live: Edge) -> Iterator[Http2]:
    connection = Http2(live.port, live.trusting())
    yield connection
    connection.close()


def connect_to(live: Edge, path: str, protocol: str, **headers: str) -> list[tuple[str, str]]:
    """An extended CONNECT (RFC 8441, section 4)."""
    return [
        (":method", "CONNECT"),
        (":protocol", protocol),
        (":scheme", "https"),
        (":path", path),
        (":authority", f"localhost:{live.port}"),
        *headers.items(),
    ]


def test_a_websocket_is_one_stream_of_an_http2_connection(live: Edge, http2: Http2) -> None:
    assert http2.offers_extended_connect
    version = {"sec-websocket-version": "13"}
    assert http2.ask(connect_to(live, "/live/echo", "websocket", **version)) == 200
    # RFC 6455, section 5.2: a text of five bytes, masked with a key of zeros; the echo has no mask.
    http2.send(bytes([0x81, 0x80 | 5, 0, 0, 0, 0]) + b"hello")
    assert http2.read(7) == bytes([0x81, 5]) + b"hello"


def test_a_websocket_over_http2_with_a_bad_token_is_refused(live: Edge, http2: Http2) -> None:
    headers = {"sec-websocket-version": "13", "authorization": "Bearer nonsense"}
    assert http2.ask(connect_to(live, "/live/echo", "websocket", **headers)) == 401


@pytest.mark.parametrize(
    ("path", "protocol"),
    [
        ("/api/echo", "websocket"),  # no stream
        ("/live/echo", "connect-udp"),
        ("/live/echo", "connect-ip"),
        ("/.ramet/calls/", "websocket"),
        ("/live/../.ramet/calls/", "websocket"),
    ],
)
def test_no_other_connect_gets_through_over_http2(
    live: Edge, http2: Http2, path: str, protocol: str
) -> None:
    before = reached(live)
    status = http2.ask(connect_to(live, path, protocol, **{"sec-websocket-version": "13"}))
    assert status in (None, 400, 403, 404)
    assert reached(live) == before


@pytest.mark.parametrize("authority", ["products:80", "127.0.0.1:80", "localhost"])
def test_nobody_gets_a_tunnel_over_http2(live: Edge, http2: Http2, authority: str) -> None:
    before = reached(live)
    assert http2.ask([(":method", "CONNECT"), (":authority", authority)]) in (None, 400, 404)
    assert reached(live) == before


def reached(live: Edge) -> list[bytes]:
    """How many requests the gateway has sent to the service."""
    counted = live.admin("GET /stats?filter=upstream_rq_total").splitlines()
    found = [line for line in counted if line.startswith(b"cluster.live.upstream_rq_total")]
    assert len(found) == 1
    return found
