"""NATS JetStream: one stream a system, on disk; one durable consumer a service.

Follows the JetStream wire API
(https://docs.nats.io/reference/reference-protocols/nats_api_reference). The client speaks asyncio,
the rest of Ramet threads: the adapter runs one event loop in one thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from ramet.events.brokers import BrokerUnavailable, Capabilities, Deliver, Outgoing, client_missing
from ramet.events.brokers.event_loop import EventLoop
from ramet.events.brokers.lanes import lanes_of, note_not_sent
from ramet.events.brokers.positions import note_lost_end, number_in, position_of
from ramet.failpoints import reached

try:
    from nats.aio.client import Client
    from nats.errors import Error as NatsError
    from nats.js.api import (
        AckPolicy,
        ConsumerConfig,
        DeliverPolicy,
        RetentionPolicy,
        StorageType,
        StreamConfig,
        StreamInfo,
    )
    from nats.js.errors import NotFoundError
    from nats.js.manager import JetStreamManager

    from ramet.events.brokers.nats.reception import BATCH, Reception, id_of
except ModuleNotFoundError as error:
    raise client_missing("NATS", "nats-py", "nats") from error

log = structlog.get_logger("ramet.events")

T = TypeVar("T")

ANSWER = 5.0
"""Seconds within which the server acknowledges what it stored."""
CONNECT = 2
"""Seconds for a first connection; later ones are made in the background, for ever."""
PING = 5
"""Seconds between two pings. The third one in a row without an answer ends the connection: one that
is half-open, because a firewall or a machine forgot it, costs 15 seconds."""
WINDOW = 300
"""Seconds in which the server itself drops a second copy of an event; later, the inbox does."""
PIPELINED = 128
"""Keys whose events are on their way at the same time."""

LARGEST = 64 * 1024 * 1024
"""Bytes of one event: what `max_payload` may be at most; it is 1 MiB unless somebody changes it."""

_FAULTS = (NatsError, OSError, asyncio.TimeoutError, TimeoutError)


class NatsBroker:
    """See `ramet.events.brokers.Broker`."""

    capabilities = Capabilities(
        "NATS JetStream", key_order=True, replay=True, delay=False, largest=LARGEST
    )

    def __init__(self, url: str, system: str, *, instance: str, keeps_days: int) -> None:
        self._url, self._instance, self._keeps_days = url, instance, keeps_days
        self._system = re.sub(r"[^A-Za-z0-9_-]", "-", system)
        self.stream = f"{self._system}-events"
        self._loop = EventLoop("ramet-nats")
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    def subject(self, service: str, type_name: str) -> str:
        """`shop.events.orders.OrderPlaced.v1`: what a subscriber in any language listens to.

        Ramet's own receivers say `*` for the service, and for the version: an app that moves to
        another service, or a newer version, must not be missed by those that were deployed before.
        What arrives is told apart by its full type.
        """
        name, version = type_name.split(".")[-2:]
        return ".".join([self._system, "events", service, name, version.replace("v*", "*")])

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """Pipelined over keys, one after the other within a key."""
        return self._run(self._send(batch))

    def remembered(self, durable: str) -> str:
        """The floor of the consumer's acknowledgements."""
        return self._run(self._remembered(_durable(durable)))

    def consume(
        self,
        durable: str,
        types: Sequence[str],
        after: str,
        deliver: Deliver,
        proceed: Callable[[], bool],
    ) -> None:
        """The position is `<creation of the stream>/<sequence>/<id of the event>`: a stream that
        was made anew, after the broker lost its disk, or restored without its end, is then read
        from its beginning, and the inbox drops duplicates."""
        subjects = sorted({self.subject("*", name) for name in types})
        reception = self._run(self._open(_durable(durable), subjects, after))
        try:
            while proceed():
                messages = self._run(reception.next(wait=0.5))
                if messages:
                    deliver([reception.incoming(message) for message in messages])
                    self._run(reception.acknowledge(messages[-1]))
                    reached("receiver.acknowledged")
        finally:
            self._run(reception.close())

    def close(self) -> None:
        """Pending acknowledgements are flushed first, as far as the connection still allows."""
        self._loop.close(self._disconnect(), within=ANSWER)

    # In the thread of the event loop from here on.

    async def _send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        client = await self._connected()
        acknowledged: set[UUID] = set()
        lanes = asyncio.Semaphore(PIPELINED)

        async def send_key(events: list[Outgoing]) -> None:
            async with lanes:
                for event in events:
                    if not await self._is_stored(client, event):
                        return  # later events of this key must not overtake it
                    acknowledged.add(event.id)

        await asyncio.gather(*map(send_key, lanes_of(batch)))
        return acknowledged

    async def _is_stored(self, client: Client, event: Outgoing) -> bool:
        reached("broker.before-send")
        if time.monotonic() >= event.until:
            return False
        try:
            await client.jetstream(timeout=ANSWER).publish(
                self.subject(event.service, event.type),
                event.body,
                stream=self.stream,
                headers={
                    "Nats-Msg-Id": str(event.id),
                    "Content-Type": "application/cloudevents+json; charset=utf-8",
                },
            )
        except _FAULTS as error:
            note_not_sent(event, _told(error))
            return False
        reached("broker.after-send")
        return True

    async def _remembered(self, durable: str) -> str:
        client = await self._connected()
        made = _made(await self._stream(client))
        try:
            found = await client.jsm(timeout=ANSWER).consumer_info(self.stream, durable)
        except NotFoundError:
            return ""
        return position_of(made, found.ack_floor.stream_seq) if found.ack_floor else ""

    async def _open(self, durable: str, subjects: list[str], after: str) -> Reception:
        client = await self._connected()
        manager = client.jsm(timeout=ANSWER)
        stream = await self._stream(client)
        place = await self._place(manager, stream, after)
        start = place + 1 if place else 0
        # Made anew each time: that alone puts everything delivered but not stored back in its
        # place, and whoever still reads under this name, because its lease ran out unseen, is cut
        # off.
        with contextlib.suppress(NotFoundError):
            await manager.delete_consumer(self.stream, durable)
        await manager.add_consumer(
            self.stream,
            ConsumerConfig(
                durable_name=durable,
                filter_subjects=subjects,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE if start else DeliverPolicy.ALL,
                opt_start_seq=start,
                ack_policy=AckPolicy.ALL,
                ack_wait=60,
                max_deliver=-1,
                max_ack_pending=4 * BATCH,
            ),
        )
        reception = Reception(client, self.stream, durable, _made(stream))
        await reception.begin()
        return reception

    async def _place(self, manager: JetStreamManager, stream: StreamInfo, after: str) -> int:
        """The number to read after, 0 for the beginning.

        A stream that was restored from a copy is the same one by its creation, and gives the
        numbers of the end that it lost to new events.
        """
        place, event = number_in(_made(stream), after)
        has_it = place <= stream.state.last_seq
        if event and has_it:
            with contextlib.suppress(NotFoundError):  # removed by its age, so it was there
                found = await manager.get_msg(self.stream, place)
                has_it = id_of(found.headers) == event
        if not has_it:
            note_lost_end()
            return 0
        return place

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                self._client = await self._connect()
                await self._stream(self._client)
            if not self._client.is_connected:
                raise BrokerUnavailable("the connection to NATS is being made again", _remedy(""))
            return self._client

    async def _connect(self) -> Client:
        client = Client()
        told: list[str] = []

        async def note_error(error: Exception) -> None:
            told[:] = [_told(error)]
            if "permissions violation" in _told(error).lower():
                # The server answers nothing else: what was asked for ends with a timeout.
                log.warning("events.broker_refused", error=_told(error), remedy=_RIGHTS)
            else:
                log.debug("events.broker_error", error=_told(error))

        attempt = client.connect(
            self._url,
            name=self._instance,
            inbox_prefix=inbox_prefix(self._url),
            connect_timeout=CONNECT,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]  # fractions work
            ping_interval=PING,
            max_outstanding_pings=2,
            error_cb=note_error,
            disconnected_cb=_note("events.broker_lost"),
            reconnected_cb=_note("events.broker_back"),
        )
        try:
            # With unlimited attempts the client would try a first connection for ever, too.
            await asyncio.wait_for(attempt, CONNECT + 1)
        except BaseException as error:
            await client.close()
            if isinstance(error, TimeoutError) and told:
                raise BrokerUnavailable(f"NATS: {told[0]}", _remedy(told[0])) from error
            raise
        return client

    async def _stream(self, client: Client) -> StreamInfo:
        """The system's stream; made when it is not there, its limits are then the operator's."""
        manager = client.jsm(timeout=ANSWER)
        try:
            return await manager.stream_info(self.stream)
        except NotFoundError:
            log.info("events.stream_made", stream=self.stream)
            return await manager.add_stream(
                StreamConfig(
                    name=self.stream,
                    description=f"Events of the system {self._system}, as CloudEvents",
                    subjects=[f"{self._system}.events.>"],
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    max_age=self._keeps_days * 86_400,
                    duplicate_window=WINDOW,
                )
            )

    async def _disconnect(self) -> None:
        if self._client is not None and not self._client.is_closed:
            try:
                await asyncio.wait_for(self._client.drain(), ANSWER / 2)
            except _FAULTS:
                await self._client.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the event loop's thread and wait; what fails on the way is BrokerUnavailable."""
        try:
            return self._loop.run(work)
        except _FAULTS as error:
            raise BrokerUnavailable(f"NATS: {_told(error)}", _remedy(_told(error))) from error


_RIGHTS = "give the user of RAMET_BROKER_URL the rights that `ramet events rights` prints"


def inbox_prefix(url: str) -> str:
    """`_INBOX.<user>`: answers, and events on their way to a service, are for its user alone.

    A right to `_INBOX.>` contains it, so that a server without such rights needs no change.
    """
    user = urlsplit(url).username
    return f"_INBOX.{re.sub(r'[^A-Za-z0-9_+-]', '-', user)}" if user else "_INBOX"


def _made(stream: StreamInfo) -> str:
    return stream.created.isoformat() if stream.created else ""


def _durable(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _remedy(told: str) -> str:
    if "authorization" in told.lower() or "authentication" in told.lower():
        return "correct user and password in RAMET_BROKER_URL"
    if "reset by peer" in told.lower() or "eof" in told.lower():
        # Who is refused is told so and cut off; the cut can overtake the words.
        return "see that the NATS server of RAMET_BROKER_URL runs, and takes its user and password"
    return "see that the NATS server of RAMET_BROKER_URL runs and can be reached"


def _note(line: str) -> Callable[[], Awaitable[None]]:
    async def note() -> None:
        log.warning(line)

    return note
