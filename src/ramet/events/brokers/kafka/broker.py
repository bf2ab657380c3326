"""Kafka: one topic a system; the event's key chooses the partition, and so keeps its order.

Readers assign partitions to themselves and begin at the places that the caller stored: the caller's
lease says who reads, so there is no group membership, and no rebalance that could take a partition
away in the middle of a batch. The group of a service only keeps committed offsets, which tools show
and which a service that moves to another database begins with.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

from ramet.events.brokers import (
    BrokerUnavailable,
    Capabilities,
    Deliver,
    Outgoing,
    client_missing,
)
from ramet.events.brokers.lanes import in_time, lanes_of, note_not_sent, sendable
from ramet.failpoints import reached

try:
    from confluent_kafka import KafkaError, KafkaException, Message, Producer

    from ramet.events.brokers.kafka import address
    from ramet.events.brokers.kafka.faults import Faults, properties, unavailable
    from ramet.events.brokers.kafka.reception import Reception, remembered
    from ramet.events.brokers.kafka.topic import ANSWER, Topics
except ModuleNotFoundError as error:
    raise client_missing("Kafka", "confluent-kafka", "kafka") from error

LARGEST = 1_000_000
"""Bytes of one event: `message.max.bytes` of client and broker, unless somebody raises both."""


class KafkaBroker:
    """See `ramet.events.brokers.Broker`."""

    def __init__(self, url: str, system: str, *, instance: str, keeps_days: int) -> None:
        self._address = address.properties(url) | {"client.id": instance}
        self.topic = f"{re.sub(r'[^A-Za-z0-9_-]', '-', system)}.events"
        self._keeps_days = keeps_days
        self._largest = int(self._address.pop("message.max.bytes", LARGEST))
        self.capabilities = Capabilities(
            "Kafka", key_order=True, replay=True, delay=False, largest=self._largest
        )
        self._lock = threading.Lock()
        self._topics: Topics | None = None
        self._sending = threading.Lock()
        self._sender: _Sender | None = None

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """Pipelined over keys, one after the other within a key.

        An idempotent producer alone would not do: it keeps the order of what it sends, but sends
        what follows an event that it has given up.
        """
        with self._sending:
            if self._sender is None:
                self._looked_up().topic()  # or a broker would make it with settings of its own
                self._sender = _Sender(self._address, self.topic, self._largest)
            try:
                return self._sender.send(batch)
            except BrokerUnavailable:
                self._sender = None
                raise

    def remembered(self, durable: str) -> str:
        """The committed offsets of the service's group."""
        return remembered(self._address, self._group(durable), self._looked_up().topic())

    def consume(
        self,
        durable: str,
        types: Sequence[str],
        after: str,
        deliver: Deliver,
        proceed: Callable[[], bool],
    ) -> None:
        """The position is `<id of the topic>/<partition>:<next offset>,...`."""
        with Reception(
            self._address, self._group(durable), self._looked_up(), frozenset(types), after
        ) as reception:
            while proceed():
                incoming = reception.next(wait=0.5)
                if incoming:
                    deliver(incoming)
                reception.acknowledge()
                reached("receiver.acknowledged")

    def close(self) -> None:
        """Nothing is on the way that `send` has not waited for."""
        with self._sending:
            self._sender = None

    def _looked_up(self) -> Topics:
        with self._lock:
            if self._topics is None:
                self._topics = Topics(self._address, self.topic, self._keeps_days)
            return self._topics

    def _group(self, durable: str) -> str:
        return f"{self.topic}.{re.sub(r'[^A-Za-z0-9_-]', '-', durable)}"


class _Sender:
    """One idempotent producer, which acknowledges when all replicas in sync have an event."""

    def __init__(self, kafka: dict[str, str], topic: str, largest: int) -> None:
        self._topic, self._largest = topic, largest
        self._faults = Faults()
        try:
            self._producer = Producer(
                {
                    **kafka,
                    **properties(self._faults),
                    "acks": "all",
                    "enable.idempotence": True,
                    # The same partition as Kafka's own client gives a key.
                    "partitioner": "murmur2_random",
                    "linger.ms": 0,
                    "message.timeout.ms": int(ANSWER * 1000),
                    "message.max.bytes": largest + 64 * 1024,  # key and headers count too
                }
            )
        except KafkaException as error:
            raise address.unreadable(str(error)) from error

    def send(self, batch: Sequence[Outgoing]) -> set[UUID]:
        """The ids that are stored. Raises BrokerUnavailable when none is and none could be."""
        acknowledged: set[UUID] = set()
        failed: list[KafkaError] = []
        waiting = 0

        def produce(lane: Sequence[Outgoing]) -> None:
            """Send the first of a lane; its delivery sends the next."""
            nonlocal waiting
            event, rest = lane[0], lane[1:]
            reached("broker.before-send")
            if not in_time([event]):
                return

            def delivered(error: KafkaError | None, message: Message) -> None:
                nonlocal waiting
                waiting -= 1
                if error is None:
                    reached("broker.after-send")
                    acknowledged.add(event.id)
                    if rest:
                        produce(rest)
                else:
                    failed.append(error)
                    note_not_sent(event, error.str())

            try:
                self._producer.produce(
                    self._topic,
                    event.body,
                    event.key.encode(),
                    on_delivery=delivered,
                    headers={
                        "content-type": "application/cloudevents+json; charset=utf-8",
                        "ce_type": event.type,
                    },
                )
            except KafkaException as error:
                failed.append(error.args[0])
                note_not_sent(event, str(error))
            else:
                waiting += 1

        for lane in lanes_of(sendable(batch, self._largest)):
            produce(lane)
        while waiting:
            self._producer.poll(0.5)  # ends: each is delivered or given up after `ANSWER`
        if failed and not acknowledged:
            self._faults.check()
            if all(_is_out_of_reach(error) for error in failed):
                raise unavailable(failed[0])
        if any(error.fatal() for error in failed):
            raise unavailable(next(error for error in failed if error.fatal()))
        return acknowledged


def _is_out_of_reach(error: KafkaError) -> bool:
    return error.code() in (
        KafkaError._MSG_TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._TIMED_OUT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError.NOT_ENOUGH_REPLICAS,
        # Somebody removed the topic, or the cluster lost it: it is looked up and made again.
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    )
