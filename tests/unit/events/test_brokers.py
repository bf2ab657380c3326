"""Which adapter a URL chooses, and what is refused before anything connects."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from ramet.errors import DiagnosticError
from ramet.events import loops
from ramet.events.brokers import Capabilities, Outgoing, connect
from ramet.events.brokers.lanes import lanes_of, sendable
from ramet.events.brokers.positions import number_in, place_in, position_of
from ramet.events.options import Options


def made(url: str) -> Any:
    return connect(url, "shop", instance="test", keeps_days=14)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("nats://h", "NATS JetStream"),
        ("tls://h", "NATS JetStream"),
        ("kafka://h:9092", "Kafka"),
        ("kafkas://u:p@h:9092,i:9092", "Kafka"),
        ("amqp://h", "RabbitMQ"),
        ("amqps://h/vhost", "RabbitMQ"),
        ("redis://h", "Redis Streams"),
        ("rediss://h/1", "Redis Streams"),
        ("postgres://h/x", "PostgreSQL"),
        ("postgresql://h/x", "PostgreSQL"),
    ],
)
def test_the_scheme_of_the_url_chooses_the_broker_without_connecting(url: str, name: str) -> None:
    capabilities = made(url).capabilities
    assert capabilities.name == name
    assert capabilities.key_order


def test_an_unknown_scheme_names_those_that_are_known() -> None:
    with pytest.raises(DiagnosticError, match="broker-unknown") as refused:
        made("mqtt://user:hunter2@h")
    assert "amqp, amqps, kafka, kafkas, nats, postgres, postgresql, redis" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """An installation without one client: its adapter is loaded anew."""
    adapter, client = request.param
    package = f"ramet.events.brokers.{adapter}"
    for name in [name for name in sys.modules if name.startswith(package)]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == client]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, client, None)
    return None


@pytest.mark.parametrize(
    ("without", "url", "extra"),
    [
        (("nats", "nats"), "nats://h", "nats"),
        (("kafka", "confluent_kafka"), "kafka://h", "kafka"),
        (("rabbitmq", "pika"), "amqp://h", "rabbitmq"),
        (("redis", "redis"), "redis://h", "redis"),
    ],
    indirect=["without"],
)
@pytest.mark.usefixtures("without")
def test_a_missing_client_names_the_extra(url: str, extra: str) -> None:
    with pytest.raises(DiagnosticError, match="broker-client-missing") as refused:
        made(url)
    assert f"install ramet[{extra}]" in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "kafka://u:hunter2@h/?acks=1",
        "kafka://u:hunter2@h/?enable.auto.commit=true",
        "redis://:hunter2@h/?replicas=many",
        "postgresql://u:hunter2@h/x?no-such-word=1",
        "amqp://u:hunter2@h:port/",
    ],
)
def test_a_url_that_the_adapter_cannot_serve_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(DiagnosticError, match="broker-url") as refused:
        made(url)
    assert "hunter2" not in str(refused.value)


def test_properties_of_librdkafka_pass_through_the_url_of_kafka() -> None:
    from ramet.events.brokers.kafka.address import properties

    assert properties("kafkas://u%40x:p%2Fq@a:1,b:2/?sasl.mechanism=PLAIN&ssl.ca.location=/x") == {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "sasl_ssl",
        "sasl.username": "u@x",
        "sasl.password": "p/q",
        "sasl.mechanism": "PLAIN",
        "ssl.ca.location": "/x",
    }
    assert properties("kafka://a:1")["security.protocol"] == "plaintext"


def event(key: str, size: int = 1) -> Outgoing:
    return Outgoing(uuid4(), "shop.orders.Placed.v1", "orders", key, b"x" * size)


def test_lanes_keep_the_order_of_each_key() -> None:
    a1, b1, a2 = event("a"), event("b"), event("a")
    assert lanes_of([a1, b1, a2]) == [[a1, a2], [b1]]


def test_what_is_too_large_keeps_back_its_key_only() -> None:
    a1, huge, a3, b1 = event("a"), event("a", 11), event("a"), event("b")
    assert sendable([a1, huge, a3, b1], 10) == [a1, b1]


def test_a_position_counts_in_its_own_stream_only() -> None:
    assert place_in("one", position_of("one", 12)) == "12"
    assert place_in("two", position_of("one", 12)) == ""
    assert place_in("one", "") == ""


def test_a_position_may_say_which_event_is_at_its_number() -> None:
    assert number_in("one", position_of("one", 12, "ab-c")) == (12, "ab-c")
    assert number_in("one", position_of("one", 12)) == (12, "")
    assert number_in("two", position_of("one", 12, "ab-c")) == (0, "")
    assert number_in("one", "") == (0, "")


class Weak:
    """A broker that can do little."""

    capabilities = Capabilities("Pigeons", key_order=False, replay=False, delay=False, largest=100)


def test_a_handler_that_needs_order_is_refused_with_its_name_and_the_brokers() -> None:
    class Wanted:
        handler = "shop.orders.handlers.confirm"
        ordered = True

    with pytest.raises(DiagnosticError, match="broker-lacks-capability") as refused:
        loops._demand_order(Weak(), [Wanted()])  # type: ignore[arg-type, list-item]
    assert "shop.orders.handlers.confirm" in str(refused.value)
    assert "Pigeons" in str(refused.value)
    assert "NATS" not in str(refused.value)  # every adapter keeps the order


def test_events_larger_than_the_broker_takes_are_refused_at_start_up() -> None:
    with pytest.raises(DiagnosticError, match="broker-lacks-capability") as refused:
        loops._demand_size(Weak(), Options(largest_event=101))  # type: ignore[arg-type]
    assert "Pigeons takes 100 bytes" in str(refused.value)
    loops._demand_size(Weak(), Options(largest_event=100))  # type: ignore[arg-type]
