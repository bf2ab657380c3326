"""HTTP as an attacker writes it: bytes and frames that no polite library would send."""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError

Header = tuple[bytes, bytes]


@dataclass(slots=True)
class Answer:
    """A whole answer; `status` is 0 where the stream or the connection was ended instead."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def request(
    method: str,
    target: str,
    headers: Iterable[str] = (),
    body: bytes = b"",
    *,
    host: str = "localhost",
) -> bytes:
    """One HTTP/1.1 request, byte for byte as told; the connection is to end with it."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    # Not ASCII only: a path of Latin-1 or UTF-8 bytes is one of the tricks.
    return "\r\n".join([*lines, "", ""]).encode() + body


def exchange(
    connection: socket.socket, sent: bytes, *, patience: float = 8, silence: float = 0.3
) -> bytes:
    """Send these bytes and give what comes back until the other side closes, or is silent.

    `patience` are the seconds to wait for the first byte, `silence` those that end an answer.
    """
    with connection:
        received = b""
        try:
            connection.sendall(sent)
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                connection.settimeout(silence if received else patience)
                part = connection.recv(65536)
                if not part:
                    break
                received += part
        except (TimeoutError, ConnectionError, ssl.SSLError):
            pass  # a peer that hangs up in the middle has answered, too
        return received


def answers(stream: bytes) -> list[Answer]:
    """The HTTP/1.1 answers in what came back; the last may be cut off."""
    recorded = _Recorded(stream)
    found = []
    while recorded.file.tell() < len(stream):
        response = http.client.HTTPResponse(recorded)  # type: ignore[arg-type]
        try:
            response.begin()
            found.append(Answer(response.status, response.getheaders(), response.read()))
        except http.client.HTTPException:
            break
    return found


class _Recorded:
    """What HTTPResponse wants of a socket; it closes the file, and there is more in it."""

    class _File(io.BytesIO):
        def close(self) -> None:
            pass

    def __init__(self, stream: bytes) -> None:
        self.file = self._File(stream)

    def makefile(self, *_: object) -> io.BytesIO:
        return self.file


class Http2:
    """A connection by prior knowledge (RFC 9113, section 3.3); what it sends is not checked."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._h2 = H2Connection(
            H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )
        self._h2.initiate_connection()
        self._socket.sendall(self._h2.data_to_send())

    def ask(self, headers: Sequence[Header], body: bytes = b"", *, patience: float = 8) -> Answer:
        """Send one request on a new stream and wait for its end, however it ends."""
        stream = self._h2.get_next_available_stream_id()
        answer = Answer(0)
        try:
            self._h2.send_headers(stream, list(headers), end_stream=not body)
            if body:
                self._h2.send_data(stream, body, end_stream=True)
            self._socket.sendall(self._h2.data_to_send())
            self._socket.settimeout(patience)
            while True:
                received = self._socket.recv(65536)
                if not received:
                    return answer
                for event in self._h2.receive_data(received):
                    if isinstance(event, ConnectionTerminated):
                        return answer
                    if getattr(event, "stream_id", None) != stream:
                        continue
                    if isinstance(event, ResponseReceived):
                        pairs = [(str(name), str(value)) for name, value in event.headers or ()]
                        answer.status, answer.headers = int(dict(pairs)[":status"]), pairs
                    elif isinstance(event, DataReceived):
                        answer.body += event.data or b""
                        length = event.flow_controlled_length or 0
                        self._h2.acknowledge_received_data(length, stream)
                    elif isinstance(event, StreamEnded | StreamReset):
                        return answer
                self._socket.sendall(self._h2.data_to_send())
        except (TimeoutError, ConnectionError, ProtocolError):
            return answer

    def close(self) -> None:
        self._socket.close()


def pseudo(method: str, path: str, *, authority: str = "localhost") -> list[Header]:
    """The pseudo-headers that every request has."""
    return [
        (b":method", method.encode()),
        (b":scheme", b"http"),
        (b":authority", authority.encode()),
        (b":path", path.encode()),
    ]
