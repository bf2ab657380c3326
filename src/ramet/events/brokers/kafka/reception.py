"""Reading all partitions of the topic from given places, and noticing what changes meanwhile."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaException,
    Message,
    TopicPartition,
)

from ramet.events.brokers import BrokerUnavailable, Incoming, is_one_of
from ramet.events.brokers.kafka import address
from ramet.events.brokers.kafka.faults import Faults, kafka_error, properties, unavailable
from ramet.events.brokers.kafka.topic import ANSWER, Topic, Topics
from ramet.events.brokers.positions import place_in, position_of

log = structlog.get_logger("ramet.events")

BATCH = 256
"""Events of one read, and at most delivered to the inbox in one transaction."""
LOOK = 30.0
"""Seconds between two looks at whether the topic has more partitions, or is another one."""
COMMITTING = 1.0
"""Seconds between two commits of offsets; the caller's own place is exact."""


class Reception:
    """One reader of the whole topic; use it with `with`."""

    def __init__(
        self,
        kafka: dict[str, str],
        group: str,
        topics: Topics,
        types: frozenset[str],
        after: str,
    ) -> None:
        self._topics, self._types = topics, types
        self._topic = topics.topic()
        self._next = _places(place_in(self._topic.identity, after))
        self._faults = Faults()
        self._looked = self._committed = time.monotonic()
        self._is_dirty = False
        self._consumer = _consumer(kafka, group, self._faults)
        self._consumer.assign(
            [
                TopicPartition(self._topic.name, number, self._next.get(number, OFFSET_BEGINNING))
                for number in self._topic.partitions
            ]
        )

    def __enter__(self) -> Reception:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._commit(is_last=True)
        finally:
            self._consumer.close()

    def next(self, wait: float) -> list[Incoming]:
        """What has arrived; if nothing has, what arrives first within `wait` seconds."""
        first = self._consumer.poll(wait)
        self._faults.check()
        self._look()
        if first is None:
            return []
        incoming = []
        for message in (first, *self._consumer.consume(BATCH - 1, 0)):
            if (error := message.error()) is not None:
                raise unavailable(error)
            self._next[message.partition() or 0] = (message.offset() or 0) + 1
            self._is_dirty = True
            if self._is_wanted(message):
                body = message.value()
                incoming.append(Incoming(body if isinstance(body, bytes) else b"", self._position))
        return incoming

    def acknowledge(self) -> None:
        """Everything that `next` has returned is stored."""
        if self._is_dirty and time.monotonic() - self._committed > COMMITTING:
            self._commit(is_last=False)

    @property
    def _position(self) -> str:
        places = ",".join(f"{number}:{place}" for number, place in sorted(self._next.items()))
        return position_of(self._topic.identity, places)

    def _commit(self, *, is_last: bool) -> None:
        if not self._is_dirty:
            return
        offsets = [
            TopicPartition(self._topic.name, number, place) for number, place in self._next.items()
        ]
        try:
            if is_last:
                self._consumer.commit(offsets=offsets, asynchronous=False)
            else:
                self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            # A hint for tools and for a service that moves; the next one makes up for it.
            log.warning("events.not_acknowledged", error=str(error))
        self._committed = time.monotonic()
        self._is_dirty = False

    def _look(self) -> None:
        """Keys may lie in a new partition, and offsets mean others in a topic made anew."""
        if time.monotonic() - self._looked < LOOK:
            return
        if self._topics.topic() != self._topic:
            raise BrokerUnavailable(f"Kafka: the topic {self._topic.name} has changed")
        self._looked = time.monotonic()

    def _is_wanted(self, message: Message) -> bool:
        headers: Any = message.headers()
        kind = dict(headers or ()).get("ce_type")
        if kind is None:  # a program says it in the body alone
            return True
        return is_one_of(kind.decode(errors="replace"), self._types)


def remembered(kafka: dict[str, str], group: str, topic: Topic) -> str:
    """The position that the group's committed offsets make; empty when there are none."""
    faults = Faults()
    consumer = _consumer(kafka, group, faults)
    try:
        committed = consumer.committed(
            [TopicPartition(topic.name, number) for number in topic.partitions], timeout=ANSWER
        )
    except KafkaException as error:
        raise faults.told(kafka_error(error)) from error
    finally:
        consumer.close()
    places = {each.partition: each.offset for each in committed if each.offset >= 0}
    if not places:
        return ""
    return position_of(
        topic.identity,
        ",".join(f"{number}:{place}" for number, place in sorted(places.items())),
    )


def _consumer(kafka: dict[str, str], group: str, faults: Faults) -> Consumer:
    try:
        return Consumer(
            {
                **kafka,
                **properties(faults),
                "group.id": group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # After what retention has removed meanwhile comes the oldest that is there.
                "auto.offset.reset": "earliest",
                "queued.max.messages.kbytes": 16 * 1024,
            }
        )
    except KafkaException as error:
        raise address.unreadable(str(error)) from error


def _places(text: str) -> dict[int, int]:
    pairs = (pair.split(":") for pair in text.split(",") if pair)
    return {int(number): int(place) for number, place in pairs}
