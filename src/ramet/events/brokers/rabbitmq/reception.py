"""Reading one quorum queue: made and bound when it is not there, read by one reader at a time."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import pika
import structlog
from pika.exceptions import AMQPError, ChannelClosedByBroker

from ramet.events.brokers import BrokerUnavailable, Incoming, SentAs

log = structlog.get_logger("ramet.events")

BATCH = 256
"""Events on their way to a reader, and at most delivered to the inbox in one transaction."""
DELIVERIES = 1_000_000_000
"""Deliveries after which RabbitMQ drops an event: never. Version 4 does so after 20, be it only
that a database was away, and -1 means never there, but at once in version 3."""
_DAY = 86_400_000


class Reception:
    """One reader with a connection of its own; use it with `with`.

    Its end, however it comes, puts what it did not acknowledge back at the head of the queue.
    """

    def __init__(
        self, parameters: Any, exchange: str, queue: str, types: Sequence[str], keeps_days: int
    ) -> None:
        self._queue, self._keeps_days = queue, keeps_days
        self._last = 0
        try:
            self._connection = pika.BlockingConnection(parameters)
        except (AMQPError, OSError) as error:
            raise unavailable(error) from error
        try:
            self._declare(exchange, types)
            self._channel = self._connection.channel()
            self._channel.basic_qos(prefetch_count=BATCH)
        except BaseException as error:
            self._close()
            if isinstance(error, (AMQPError, OSError)):
                raise unavailable(error) from error
            raise

    def __enter__(self) -> Reception:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def next(self, wait: float) -> list[Incoming]:
        """What has arrived; if nothing has, what arrives first within `wait` seconds."""
        incoming: list[Incoming] = []
        try:
            for method, _, body in self._channel.consume(self._queue, inactivity_timeout=wait):
                if method is None:
                    break
                self._last = method.delivery_tag
                # The routing key, which topic permissions can hold a user to.
                incoming.append(Incoming(body, "", SentAs(type=method.routing_key)))
                if len(incoming) == BATCH or not self._channel.get_waiting_message_count():
                    break
            else:
                raise BrokerUnavailable("RabbitMQ: the queue is gone", _OUT_OF_REACH)
        except (AMQPError, OSError) as error:
            raise unavailable(error) from error
        return incoming

    def acknowledge(self) -> None:
        """Everything that `next` has returned is stored."""
        try:
            self._channel.basic_ack(self._last, multiple=True)
        except (AMQPError, OSError) as error:
            raise unavailable(error) from error

    def _declare(self, exchange: str, types: Sequence[str]) -> None:
        channel = self._connection.channel()
        channel.exchange_declare(exchange, "topic", durable=True)
        try:
            # Passive, because arguments cannot be changed afterwards: what is there is somebody's
            # decision, be it that of an older version.
            channel.queue_declare(self._queue, passive=True)
        except ChannelClosedByBroker as error:
            if error.reply_code != 404:
                raise
            channel = self._connection.channel()
            channel.queue_declare(self._queue, durable=True, arguments=self._arguments())
            log.info("events.stream_made", stream=self._queue)
        for each in types:
            # In a binding, `*` is one whole word: one that ends in `.v*` stands for every version.
            binding = f"{each.removesuffix('.v*')}.*" if each.endswith(".v*") else each
            channel.queue_bind(self._queue, exchange, binding)
        channel.close()

    def _arguments(self) -> dict[str, Any]:
        return {
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-message-ttl": self._keeps_days * _DAY,
            "x-delivery-limit": DELIVERIES,
        }

    def _close(self) -> None:
        """Cut the connection: the server then puts back everything at once, in its order.

        A polite end would break that order: pika cancels the consumer first and rejects, one by
        one, what waits in the client, before the server takes back what `next` has returned.
        """
        try:
            if self._connection.is_open:
                # There is no public way to it; pika's own adapters keep these names since 1.0.
                self._connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)
                self._connection.close()
        except (AMQPError, OSError) as error:  # what cannot be closed is gone already
            log.debug("events.connection_not_closed", error=repr(error))


_OUT_OF_REACH = "see that the RabbitMQ server of RAMET_BROKER_URL runs and can be reached"


def unavailable(error: BaseException) -> BrokerUnavailable:
    """The exception, with what a person can do."""
    told = f"{type(error).__name__} {error}".strip()
    if "ACCESS_REFUSED" in told or "AuthenticationError" in told:
        remedy = "correct user, password and permissions of RAMET_BROKER_URL"
    elif "vhost" in told or "NOT_ALLOWED" in told:
        remedy = "make the virtual host that RAMET_BROKER_URL names, or correct its name"
    else:
        remedy = _OUT_OF_REACH
    return BrokerUnavailable(f"RabbitMQ: {told}", remedy)
