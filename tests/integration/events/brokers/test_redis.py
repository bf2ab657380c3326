"""What is Redis's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis
from structlog.testing import capture_logs

from ramet.events.brokers import Broker
from ramet.events.brokers.redis import RedisBroker
from tests.integration.events.brokers.wire import SERVICE, bodies, event, received
from tests.integration.events.servers.redis import RedisServer

pytestmark = pytest.mark.parametrize("server", [RedisServer], indirect=True)


@pytest.fixture
def client(server: RedisServer) -> Iterator[Redis]:
    with Redis.from_url(server.url) as made:
        yield made


def stream_of(broker: Broker) -> str:
    assert isinstance(broker, RedisBroker)
    return broker.stream


def test_what_is_older_than_it_is_kept_is_trimmed_and_the_rest_is_not(
    broker: Broker, client: Redis
) -> None:
    for number in range(1, 501):
        client.xadd(stream_of(broker), {"event": b"old"}, id=f"{number}-1")
    broker.send([event("a", "new")])
    assert client.xlen(stream_of(broker)) < 200  # whole blocks of about a hundred
    assert bodies(received(broker, until=lambda found: found[-1:] and found[-1].body == b"new"))


@pytest.mark.parametrize("lost", ["all", "the end"])
def test_a_stream_that_lost_something_is_read_from_its_beginning(
    broker: Broker, client: Redis, lost: str
) -> None:
    """Its new entries may have lower ids, by the clock of another server."""
    broker.send([event("a", "1")])
    (first,) = received(broker, until=1)
    stream = stream_of(broker)
    after = first.position
    if lost == "all":
        client.delete(stream, f"{stream}:identity")
        client.xadd(stream, {"event": b"2"}, id="1-1")
        client.xadd(stream, {"event": b"3"})  # the new stream is already past the old place
    else:
        identity = after.partition("/")[0]
        after = f"{identity}/99999999999999-0"
        client.xtrim(stream, maxlen=0)
        client.xadd(stream, {"event": b"2"})
    assert bodies(received(broker, until=1, after=after))[0] == "2"


def test_the_group_of_a_service_shows_how_far_it_is(broker: Broker, client: Redis) -> None:
    broker.send([event("a", "1")])
    (first,) = received(broker, until=1)
    assert broker.remembered(SERVICE) == first.position


def test_a_server_that_may_lose_is_told(broker: Broker, client: Redis, system: str) -> None:
    client.config_set("maxmemory", "100mb")
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with capture_logs() as lines:
            broker.send([event("a", "1")])
    finally:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "0")
    assert [line["found"] for line in lines if line["event"] == "events.broker_may_lose"] == [
        "a Redis server with maxmemory-policy allkeys-lru"
    ]


def test_an_event_that_too_few_replicas_have_is_not_acknowledged(
    server: RedisServer, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramet.events.brokers.redis.broker.ANSWER", 0.5)
    broker = server.connect(system, url=f"{server.url}?replicas=1")
    try:
        assert broker.send([event("a", "1")]) == set()
    finally:
        broker.close()
