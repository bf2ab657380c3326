"""The system's topic: looked up, and made when it is not there; its limits are the operator's."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from ramet.events.brokers.kafka.faults import Faults, kafka_error, properties

log = structlog.get_logger("ramet.events")

PARTITIONS = 16
"""Of a topic that Ramet makes. A key stays in its partition only while their number stays."""
ANSWER = 5.0
"""Seconds within which a broker answers."""
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """What the cluster says of the topic."""

    name: str
    identity: str
    """Another one when the topic was made anew: its offsets then mean other events."""
    partitions: tuple[int, ...]


class Topics:
    """Looks up one topic over a connection of its own."""

    def __init__(self, address: dict[str, str], name: str, keeps_days: int) -> None:
        self._name, self._keeps_days = name, keeps_days
        self._faults = Faults()
        self._admin = AdminClient({**address, **properties(self._faults)})

    def topic(self) -> Topic:
        """The topic as it is now. Raises BrokerUnavailable when the cluster does not say."""
        until = time.monotonic() + ANSWER
        self._faults.over()
        is_made = False
        while True:
            try:
                return self._described()
            except KafkaException as exception:
                error = kafka_error(exception)
                if error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART or time.monotonic() > until:
                    self._admin.poll(0)  # what was told on the side explains it better
                    raise self._faults.told(error) from exception
            if not is_made:
                self._make()
                is_made = True
            self._admin.poll(0.05)  # the cluster needs a moment until every broker knows of it

    def _described(self) -> Topic:
        asked = self._admin.describe_topics(TopicCollection([self._name]), request_timeout=ANSWER)
        found: Any = self._result(asked[self._name])
        return Topic(
            self._name,
            str(found.topic_id),
            tuple(sorted(partition.id for partition in found.partitions)),
        )

    def _result(self, future: Future[Any]) -> Any:
        """As soon as there is one, or word that no broker can be reached or the user is refused."""
        while True:
            try:
                return future.result(0.1)
            except TimeoutError:
                self._admin.poll(0)
                self._faults.check()

    def _make(self) -> None:
        wanted = NewTopic(
            self._name,
            num_partitions=PARTITIONS,
            replication_factor=-1,  # the cluster's default
            config={"retention.ms": str(self._keeps_days * _DAY)},
        )
        try:
            self._admin.create_topics([wanted], request_timeout=ANSWER)[self._name].result()
        except KafkaException as exception:
            error = kafka_error(exception)
            if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                self._admin.poll(0)
                raise self._faults.told(error) from exception
        else:
            log.info("events.stream_made", stream=self._name)
