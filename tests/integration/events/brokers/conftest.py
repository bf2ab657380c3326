"""Every test of this folder runs once for each broker, on its real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ramet.events.brokers import Broker
from tests.integration.events.servers.kafka import KafkaServer
from tests.integration.events.servers.nats import NatsServer
from tests.integration.events.servers.postgres import PostgresServer
from tests.integration.events.servers.rabbitmq import RabbitServer
from tests.integration.events.servers.redis import RedisServer
from tests.integration.events.servers.server import Server

SERVERS = [NatsServer, KafkaServer, RabbitServer, RedisServer, PostgresServer]

Connect = Callable[..., Broker]


@pytest.fixture(scope="session", params=SERVERS, ids=[each.name for each in SERVERS])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Started once a session: pytest runs all tests of one server before those of the next."""
    running: Server = request.param(tmp_path_factory.mktemp(request.param.name))
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.fixture
def connect(server: Server, system: str) -> Iterator[Connect]:
    """Makes connections of this test's system, and closes them at its end."""
    made: list[Broker] = []

    def make(name: str = "test", *, url: str = "") -> Broker:
        made.append(server.connect(system, name, url))
        return made[-1]

    yield make
    for broker in made:
        broker.close()


@pytest.fixture
def broker(connect: Connect) -> Broker:
    """A connection to a broker that has a place for the service `tracking`."""
    from tests.integration.events.brokers.wire import subscribe

    made = connect()
    subscribe(made)
    return made
