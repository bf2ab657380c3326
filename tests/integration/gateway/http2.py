"""One HTTP/2 connection to a gateway over TLS, spoken by h2, which knows nothing of Envoy."""

import socket
import ssl

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

SECONDS = 10


class Http2:
    """A connection on which one stream is looked at, after the server's settings have come."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._socket = context.wrap_socket(plain, server_hostname="localhost")
        # Unchecked, so that what no client may send can be sent.
        self._h2 = H2Connection(
            H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        )
        self._h2.initiate_connection()
        self._flush()
        self._events: list[Event] = []
        while not any(isinstance(event, RemoteSettingsChanged) for event in self._events):
            self._receive()

    @property
    def offers_extended_connect(self) -> bool:
        return bool(self._h2.remote_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL))

    def ask(self, headers: list[tuple[str, str]]) -> int | None:
        """Begin a stream; the status of its answer, or None where it was reset.

        None too where the gateway says good-bye first: h2 hears nothing of what comes after.
        """
        self._stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(self._stream, headers)
        self._flush()
        while True:
            for event in self._mine():
                if isinstance(event, ResponseReceived):
                    return int(dict(event.headers)[b":status"])
                if isinstance(event, StreamReset):
                    return None
            try:
                self._receive()
            except ProtocolError:
                return None

    def send(self, content: bytes) -> None:
        self._h2.send_data(self._stream, content)
        self._flush()

    def read(self, count: int) -> bytes:
        """The next `count` bytes of the stream, or fewer where it ends before."""
        content = b""
        while True:
            for event in self._mine():
                if isinstance(event, DataReceived):
                    content += event.data
                    self._h2.acknowledge_received_data(len(event.data), self._stream)
                if len(content) >= count or isinstance(event, StreamEnded | StreamReset):
                    return content
            self._receive()

    def close(self) -> None:
        self._socket.close()

    def _mine(self) -> list[Event]:
        events, self._events = self._events, []
        return [event for event in events if getattr(event, "stream_id", None) == self._stream]

    def _receive(self) -> None:
        content = self._socket.recv(65536)
        if not content:
            raise ConnectionResetError("the gateway has closed the connection")
        self._events += self._h2.receive_data(content)
        self._flush()

    def _flush(self) -> None:
        if content := self._h2.data_to_send():
            self._socket.sendall(content)
