"""Publishing with confirms, many at a time: what the blocking client of pika does one by one.

Runs in an asyncio loop. https://www.rabbitmq.com/docs/confirms says what a confirm means: a quorum
queue has the message on the disks of a majority.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pika
import structlog
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError, ChannelClosed, ChannelWrongStateError, ShortStringTooLong

from ramet.events.brokers import BrokerUnavailable, Outgoing
from ramet.events.brokers.lanes import in_time, lanes_of, note_not_sent, sendable
from ramet.failpoints import reached

log = structlog.get_logger("ramet.events")

ANSWER = 5.0
"""Seconds within which a connection is made, and a message is confirmed."""
LARGEST = 16 * 1024 * 1024
"""Bytes of one event: `max_message_size` of RabbitMQ 4, the lowest default of all versions."""


class NotConfirmed(Exception):
    """The server refused a message, or did not say anything about it in time."""


class Publisher:
    """One connection with one channel, made on first use and made anew after a failure."""

    def __init__(self, parameters: Any, exchange: str) -> None:
        self._parameters, self._exchange = parameters, exchange
        self._connecting = asyncio.Lock()
        self._connection: Any = None
        self._channel: Any = None
        self._tag = 0
        self._unconfirmed: dict[int, asyncio.Future[None]] = {}
        self._unrouted: set[str] = set()
        self._is_doubtful = False

    async def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """The ids that are stored. Raises when there is no connection, or it was lost before any
        was."""
        acknowledged: set[UUID] = set()
        events = sendable(batch, LARGEST)
        try:
            await self._connected()
            lanes = lanes_of(events)
            is_whole = await self._send_lanes(lanes, acknowledged)
            if not is_whole and len(lanes) > 1:
                # The server closed the channel over one message, and with it the answers to all
                # that were on their way: one by one, the next refusal names the culprit.
                left = [event for event in events if event.id not in acknowledged]
                for lane in lanes_of(left):
                    await self._connected()
                    await self._send_lanes([lane], acknowledged)
        except (AMQPError, OSError) as error:
            await self.close()
            if not acknowledged:
                raise
            log.warning("events.sending_interrupted", error=repr(error))
        if self._is_doubtful:
            # What the server still holds back goes with the channel, and not to a queue later.
            await self.close()
        return acknowledged

    async def close(self) -> None:
        """End the connection; the next `send` makes another."""
        connection, self._connection, self._channel = self._connection, None, None
        self._is_doubtful = False
        self._fail(NotConfirmed("the connection was closed"))
        if connection is not None and connection.is_open:
            connection.close()
            for _ in range(100):
                if connection.is_closed:
                    break
                await asyncio.sleep(0.02)

    async def _send_lanes(self, lanes: list[list[Outgoing]], acknowledged: set[UUID]) -> bool:
        """False when the server closed the channel meanwhile, and not the connection."""

        async def send_lane(lane: list[Outgoing]) -> None:
            for event in lane:
                reached("broker.before-send")
                if not in_time([event]):
                    return
                await self._publish(event)
                reached("broker.after-send")
                acknowledged.add(event.id)

        results = await asyncio.gather(*map(send_lane, lanes), return_exceptions=True)
        is_whole = True
        for lane, result in zip(lanes, results, strict=True):
            if isinstance(result, (ChannelClosed, ChannelWrongStateError)):
                is_whole = False
                if len(lanes) == 1:
                    event = next(each for each in lane if each.id not in acknowledged)
                    note_not_sent(event, _told(result))
            elif isinstance(result, NotConfirmed):
                event = next(each for each in lane if each.id not in acknowledged)
                note_not_sent(event, _told(result))
            elif isinstance(result, BaseException):
                raise result
        return is_whole

    async def _publish(self, event: Outgoing) -> None:
        channel = self._channel
        if channel is None:
            raise ChannelWrongStateError("the channel is closed")
        # 1. The number that the server will confirm: it counts what is published on the channel.
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # 2. Published, without waiting in between: numbers and messages stay in step.
        try:
            channel.basic_publish(
                self._exchange, event.type, event.body, _properties(event), mandatory=True
            )
        except ShortStringTooLong as error:
            raise NotConfirmed(f"its type has more than 255 bytes: {error}") from error
        self._tag += 1
        tag = self._tag
        self._unconfirmed[tag] = confirmed
        # 3. Waited for.
        try:
            await asyncio.wait_for(confirmed, ANSWER)
        except TimeoutError as error:
            self._is_doubtful = True
            raise NotConfirmed(f"not confirmed within {ANSWER:.0f} s") from error
        finally:
            self._unconfirmed.pop(tag, None)

    async def _connected(self) -> None:
        async with self._connecting:
            if self._channel is not None and self._channel.is_open:
                return
            if self._connection is None or not self._connection.is_open:
                self._connection = await self._connect()
            self._channel = await self._open_channel(self._connection)

    async def _connect(self) -> Any:
        opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def open_failed(_: Any, error: Any) -> None:
            if not opened.done():
                opened.set_exception(error if isinstance(error, Exception) else OSError(str(error)))

        connection = AsyncioConnection(
            self._parameters,
            on_open_callback=_once(opened),
            on_open_error_callback=open_failed,
            on_close_callback=self._connection_lost,
            custom_ioloop=asyncio.get_running_loop(),
        )
        try:
            return await asyncio.wait_for(opened, 2 * ANSWER)
        except TimeoutError as error:
            raise BrokerUnavailable(
                "RabbitMQ: no connection in time", "see that the server answers"
            ) from error
        finally:
            if not opened.done() or opened.cancelled():
                connection.close()

    async def _open_channel(self, connection: Any) -> Any:
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[Any] = loop.create_future()
        channel = connection.channel(on_open_callback=_once(opened))
        channel.add_on_close_callback(self._channel_lost)
        channel.add_on_close_callback(lambda _, error: _fail(opened, error))
        await asyncio.wait_for(opened, ANSWER)
        declared: asyncio.Future[Any] = loop.create_future()
        confirming: asyncio.Future[Any] = loop.create_future()
        channel.add_on_close_callback(lambda _, error: _fail(declared, error))
        channel.exchange_declare(self._exchange, "topic", durable=True, callback=_once(declared))
        await asyncio.wait_for(declared, ANSWER)
        self._tag = 0
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=_once(confirming))
        await asyncio.wait_for(confirming, ANSWER)
        return channel

    def _confirmed(self, frame: Any) -> None:
        method = frame.method
        first = min(self._unconfirmed, default=0) if method.multiple else method.delivery_tag
        for tag in range(first, method.delivery_tag + 1):
            future = self._unconfirmed.get(tag)
            if future is None or future.done():
                continue
            if isinstance(method, pika.spec.Basic.Ack):
                future.set_result(None)
            else:
                future.set_exception(NotConfirmed("refused by the server"))

    def _returned(self, _: Any, method: Any, properties: Any, __: bytes) -> None:
        """No queue wants it: nobody has subscribed yet. It is confirmed right after."""
        if method.routing_key not in self._unrouted:
            self._unrouted.add(method.routing_key)
            log.warning(
                "events.nobody_subscribed",
                type=method.routing_key,
                remedy="nothing, if no service handles it; else start the worker of that service"
                " once before events are published: RabbitMQ keeps nothing for a queue that is"
                " not there yet",
            )

    def _channel_lost(self, channel: Any, error: Any) -> None:
        if self._channel is channel:
            self._channel = None
        self._fail(error)

    def _connection_lost(self, connection: Any, error: Any) -> None:
        if self._connection is connection:
            self._connection = self._channel = None
            log.warning("events.broker_lost", error=_told(error))
        self._fail(error)

    def _fail(self, error: Any) -> None:
        for future in self._unconfirmed.values():
            _fail(future, error)


def _properties(event: Outgoing) -> Any:
    return pika.BasicProperties(
        content_type="application/cloudevents+json; charset=utf-8",
        delivery_mode=2,  # on disk
        message_id=str(event.id),
        app_id=event.service,
    )


def _once(future: asyncio.Future[Any]) -> Any:
    """A callback that fulfils the future with what it is called with."""

    def fulfil(result: Any) -> None:
        if not future.done():
            future.set_result(result)

    return fulfil


def _fail(future: asyncio.Future[Any], error: Any) -> None:
    if not future.done():
        future.set_exception(error if isinstance(error, Exception) else OSError(str(error)))


def _told(error: object) -> str:
    return str(error) or type(error).__name__
