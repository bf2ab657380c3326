"""RabbitMQ: a topic exchange that all publish to, and a quorum queue for each service that reads.

A queue has no places to go back to: what is acknowledged is gone, and the first event that is not
comes next. So positions are empty here. What arrives a second time, because a reader was killed
between the inbox's commit and the acknowledgement, the inbox drops.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from ramet.errors import DiagnosticError, Mistake
from ramet.events.brokers import (
    Capabilities,
    Deliver,
    Outgoing,
    client_missing,
)
from ramet.events.brokers.event_loop import EventLoop
from ramet.failpoints import reached

try:
    import pika
    from pika.exceptions import AMQPError

    from ramet.events.brokers.rabbitmq.publisher import ANSWER, LARGEST, Publisher
    from ramet.events.brokers.rabbitmq.reception import Reception, unavailable
except ModuleNotFoundError as error:
    raise client_missing("RabbitMQ", "pika", "rabbitmq") from error


if (_clients := logging.getLogger("pika")).level == logging.NOTSET:
    # It writes six lines at each failed attempt to connect; what they say is in the exception.
    _clients.setLevel(logging.CRITICAL)


class RabbitBroker:
    """See `ramet.events.brokers.Broker`."""

    capabilities = Capabilities(
        "RabbitMQ", key_order=True, replay=False, delay=False, largest=LARGEST
    )

    def __init__(self, url: str, system: str, *, instance: str, keeps_days: int) -> None:
        self._parameters = _parameters(url, instance)
        self.exchange = f"{re.sub(r'[^A-Za-z0-9_-]', '-', system)}.events"
        self._keeps_days = keeps_days
        self._loop = EventLoop("ramet-rabbitmq")
        self._publisher = Publisher(self._parameters, self.exchange)

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """Pipelined over keys, one after the other within a key.

        An event that no queue takes is acknowledged: no service has subscribed to it yet.
        """
        try:
            return self._loop.run(self._publisher.send(batch))
        except (AMQPError, OSError) as error:
            raise unavailable(error) from error

    def remembered(self, durable: str) -> str:
        """Nothing: the queue itself is the place."""
        return ""

    def consume(
        self,
        durable: str,
        types: Sequence[str],
        after: str,
        deliver: Deliver,
        proceed: Callable[[], bool],
    ) -> None:
        """Positions are empty, and `after` says nothing: the queue begins where it was left.

        Only one reader of a queue is served. Another one waits until the first has gone, so one
        that was paused is out of the way as soon as its connection or its heartbeats end.
        """
        with Reception(
            self._parameters, self.exchange, self.queue(durable), types, self._keeps_days
        ) as reception:
            while proceed():
                incoming = reception.next(wait=0.5)
                if incoming:
                    deliver(incoming)
                    reception.acknowledge()
                    reached("receiver.acknowledged")

    def queue(self, durable: str) -> str:
        """`shop.events.orders`."""
        return f"{self.exchange}.{re.sub(r'[^A-Za-z0-9_-]', '-', durable)}"

    def close(self) -> None:
        """Readers end with the call that they are in."""
        self._loop.close(self._publisher.close(), within=2 * ANSWER)


def _parameters(url: str, instance: str) -> Any:
    try:
        parameters = pika.URLParameters(url)
    except (ValueError, TypeError, AttributeError) as error:
        raise DiagnosticError(
            Mistake(
                "broker-url",
                "RAMET_BROKER_URL",
                f"a URL that RabbitMQ's client cannot read: {type(error).__name__}",
                "the URL of a RabbitMQ server and, unless it is /, a virtual host",
                "write amqp://user:password@host:5672/virtual-host",
            )
        ) from error
    parameters.client_properties = {"connection_name": instance}
    parameters.socket_timeout = parameters.stack_timeout = ANSWER
    parameters.blocked_connection_timeout = ANSWER
    if "heartbeat" not in url:
        parameters.heartbeat = 10
    return parameters
