"""What Ramet asks of a broker: carry events in key order, keep them, and say what it has.

Order after receipt, back-off, dead letters and replay are the inbox's, so an adapter stays small:
copy the folder `redis/` for another broker, add its URL scheme below, and let it pass the tests of
`tests/integration/events/brokers/`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol
from uuid import UUID

from ramet.errors import DiagnosticError, Mistake

__all__ = [
    "Broker",
    "BrokerUnavailable",
    "Capabilities",
    "Deliver",
    "Incoming",
    "Outgoing",
    "SentAs",
    "client_missing",
    "connect",
]


class BrokerUnavailable(Exception):
    """The broker cannot be reached or does not answer; what was to be sent waits in the outbox."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy
        """What a person can do, if the adapter knows."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter declares about its broker."""

    name: str
    """As people know it, such as `NATS JetStream`."""
    key_order: bool
    """Events of one key arrive in the order in which they were sent."""
    replay: bool
    """An event can be had again after it was acknowledged: a service that subscribes for the first
    time sees what the broker keeps, not only what is sent from then on."""
    delay: bool
    """The broker itself can hold an event back until a time."""
    largest: int
    """Bytes of the largest event that the adapter sends; a server may be set to take less."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event to be sent."""

    id: UUID
    type: str
    """Such as `shop.orders.OrderPlaced.v1`."""
    service: str
    """The one that publishes it."""
    key: str
    body: bytes
    """The CloudEvent, as structured JSON."""
    until: float = math.inf
    """On the clock of `time.monotonic`: when another relay may have taken over."""


@dataclass(frozen=True, slots=True)
class SentAs:
    """Where a broker let an event in: what its rights can hold a sender to, unlike the body.

    Empty where the broker says nothing of it, or where any sender could say anything.
    """

    service: str = ""
    """The service to whom the subject belongs."""
    type: str = ""
    """The type on the wire, or its end: `OrderPlaced.v1` of `shop.orders.OrderPlaced.v1`."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event that the broker delivered."""

    body: bytes
    position: str
    """The place of the event in the stream, in the adapter's own words; see `Broker.consume`."""
    sent_as: SentAs = SentAs()


Deliver = Callable[[Sequence[Incoming]], None]


class Broker(Protocol):
    """One connection to a broker; its methods are called from several threads."""

    capabilities: Capabilities

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """Send and return the ids of which the broker has acknowledged that they are stored.

        Within a key the order of `batch` holds: after one that fails, none of its key is sent.
        Look at `until` right before each is sent: one whose time is over fails.
        Raises BrokerUnavailable when there is no connection.
        """

    def remembered(self, durable: str) -> str:
        """The position up to which the broker knows events of `durable` to be acknowledged.

        Empty when it knows of none. The caller stores it before it consumes after it: a service
        that moved to another database goes on where it was.
        """

    def consume(
        self,
        durable: str,
        types: Sequence[str],
        after: str,
        deliver: Deliver,
        proceed: Callable[[], bool],
    ) -> None:
        """Call `deliver` with what arrives, in stream order, until `proceed()` is false.

        `durable` is the name under which the broker remembers what was acknowledged, `types` are
        names on the wire, of which those that end in `.v*` stand for every version (what has
        another type may be delivered too), `after` is the position of
        the last event that the caller has stored, or empty for everything that is kept. When
        `deliver` returns, the batch is stored and is acknowledged; when it raises, nothing of it
        is, and consume raises the same. The next call begins after the position that it is given,
        whatever was delivered before: so nothing is skipped and nothing overtakes. `proceed` is
        called at least every second.
        """

    def close(self) -> None:
        """End the connection; a second call does nothing."""


def every_version(family: str) -> str:
    """`shop.orders.OrderPlaced.v*`: one of `types` that stands for all versions of an event."""
    return f"{family}.v*"


def is_one_of(type_name: str, types: Collection[str]) -> bool:
    """Whether `types` has this name on the wire, for an adapter whose broker does not filter."""
    return type_name in types or every_version(type_name.rpartition(".v")[0]) in types


_ADAPTERS = {
    "nats": "nats:NatsBroker",
    "tls": "nats:NatsBroker",
    "kafka": "kafka:KafkaBroker",
    "kafkas": "kafka:KafkaBroker",
    "amqp": "rabbitmq:RabbitBroker",
    "amqps": "rabbitmq:RabbitBroker",
    "redis": "redis:RedisBroker",
    "rediss": "redis:RedisBroker",
    "postgres": "postgres:PostgresBroker",
    "postgresql": "postgres:PostgresBroker",
}


def connect(url: str, system: str, *, instance: str, keeps_days: int) -> Broker:
    """The adapter for the URL's scheme. Connects on first use, not now.

    Raises DiagnosticError for a scheme that no adapter serves, whose client is not installed, or
    for a URL that the adapter cannot read.
    """
    scheme = url.partition("://")[0]
    if scheme not in _ADAPTERS:
        raise DiagnosticError(
            Mistake(
                "broker-unknown",
                "RAMET_BROKER_URL",
                f"a URL of the scheme {scheme[:20]!r}",
                f"one of {', '.join(sorted(_ADAPTERS))}",
                "give the URL of a broker, such as nats://user:password@127.0.0.1:4222,"
                " or unset it when all services share a database",
            )
        )
    module, name = _ADAPTERS[scheme].split(":")
    adapter: Callable[..., Broker] = getattr(import_module(f"{__name__}.{module}"), name)
    return adapter(url, system, instance=instance, keeps_days=keeps_days)


def client_missing(server: str, package: str, extra: str) -> DiagnosticError:
    """The error of an adapter whose client is not installed."""
    return DiagnosticError(
        Mistake(
            "broker-client-missing",
            "RAMET_BROKER_URL",
            f"a {server} server, but the package {package} is not installed",
            "the client of the broker",
            f"install ramet[{extra}]",
        )
    )
