"""An HTTP/3 client of one request, over aioquic."""

import asyncio
import ssl
from dataclasses import replace
from typing import cast

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent
from aioquic.tls import SessionTicket


class _Client(QuicConnectionProtocol):
    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.http = H3Connection(self._quic)
        self.headers: dict[str, str] = {}
        self.body = b""
        self.ended = asyncio.Event()

    def quic_event_received(self, event: QuicEvent) -> None:
        for each in self.http.handle_event(event):
            self._received(each)

    def _received(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self.headers |= {name.decode(): value.decode() for name, value in event.headers}
        if isinstance(event, DataReceived):
            self.body += event.data
        if isinstance(event, HeadersReceived | DataReceived) and event.stream_ended:
            self.ended.set()

    def ask(self, authority: str, path: str) -> None:
        stream = self._quic.get_next_available_stream_id()
        request = {
            ":method": "GET",
            ":scheme": "https",
            ":authority": authority,
            ":path": path,
        }
        headers = [(name.encode(), value.encode()) for name, value in request.items()]
        self.http.send_headers(stream, headers, end_stream=True)
        self.transmit()


def get(port: int, path: str, cafile: str) -> tuple[dict[str, str], bytes]:
    """GET over HTTP/3: the answer's headers, `:status` among them, and its body."""
    configuration = _configuration(cafile)

    async def asking() -> tuple[dict[str, str], bytes]:
        async with connect(
            "127.0.0.1", port, configuration=configuration, create_protocol=_Client
        ) as connection:
            client = cast("_Client", connection)
            client.ask(f"localhost:{port}", path)
            await asyncio.wait_for(client.ended.wait(), 10)
            return client.headers, client.body

    return asyncio.run(asking())


def takes_early_data(port: int, path: str, cafile: str) -> bool:
    """Whether a client that comes again may send a request before the handshake is done."""
    configuration = _configuration(cafile)
    tickets: asyncio.Queue[SessionTicket] = asyncio.Queue()

    async def asking() -> bool:
        async with connect(
            "127.0.0.1",
            port,
            configuration=configuration,
            session_ticket_handler=tickets.put_nowait,
        ):
            ticket = await asyncio.wait_for(tickets.get(), 10)
        # A ticket that does not offer it is taken for one that does: the server has the last word.
        configuration.session_ticket = replace(ticket, max_early_data_size=0xFFFFFFFF)
        async with connect(
            "127.0.0.1",
            port,
            configuration=configuration,
            create_protocol=_Client,
            wait_connected=False,
        ) as connection:
            client = cast("_Client", connection)
            client.ask(f"localhost:{port}", path)
            await asyncio.wait_for(client.ended.wait(), 10)
            assert client._quic.tls.session_resumed
            return bool(client._quic.tls.early_data_accepted)

    return asyncio.run(asking())


def _configuration(cafile: str) -> QuicConfiguration:
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=H3_ALPN, server_name="localhost", cafile=cafile
    )
    configuration.verify_mode = ssl.CERT_REQUIRED
    return configuration
