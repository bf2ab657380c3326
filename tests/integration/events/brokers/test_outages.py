"""The server dies by SIGKILL while it is written and read, and comes back.

Once for each broker, as some need seconds to start; each test looks at one thing that was seen.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ramet.events.brokers import Broker, BrokerUnavailable, Incoming
from tests.conftest import eventually
from tests.integration.events.brokers.conftest import Connect
from tests.integration.events.brokers.wire import (
    SERVICE,
    bodies,
    event,
    received,
    send_all,
    subscribe,
)
from tests.integration.events.servers.server import TYPE, Server


@dataclass
class Outage:
    """What was seen."""

    broker: Broker
    before: list[str]
    sending: BrokerUnavailable | None = None
    reader: Reader = field(default_factory=lambda: Reader())


class Reader:
    """Consumes as a receiver's loop does: again and again, after what it has stored."""

    def __init__(self) -> None:
        self.stored: list[Incoming] = []
        self.errors: list[BrokerUnavailable] = []
        self.is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, broker: Broker) -> None:
        self._thread = threading.Thread(target=self._run, args=(broker,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.is_over.set()
        assert self._thread is not None
        self._thread.join(15)

    def _run(self, broker: Broker) -> None:
        while not self.is_over.is_set():
            after = self.stored[-1].position if self.stored else ""
            try:
                broker.consume(
                    SERVICE, [TYPE], after, self.stored.extend, lambda: not self.is_over.is_set()
                )
            except BrokerUnavailable as error:
                self.errors.append(error)
                self.is_over.wait(0.1)


@pytest.fixture(scope="module")
def outage(server: Server) -> Iterator[Outage]:
    broker = server.connect(f"outage-{uuid.uuid4().hex[:8]}")
    try:
        subscribe(broker)
        subscribe(broker, "archive")
        server.settle()
        seen = Outage(broker, [f"before {number}" for number in range(50)])
        seen.reader.start(broker)
        send_all(broker, [event("a", text) for text in seen.before[:40]])
        eventually(lambda: len(seen.reader.stored) >= 40, what="the reader is at work")
        # Nothing between the acknowledgement and the kill: what is stored is stored by then.
        batch = [event(f"key {text}", text) for text in seen.before[40:]]
        assert broker.send(batch) == {each.id for each in batch}
        server.kill()
        deadline = time.monotonic() + 20
        while seen.sending is None and time.monotonic() < deadline:
            try:
                broker.send([event("a", "lost")])
            except BrokerUnavailable as error:
                seen.sending = error
        eventually(lambda: seen.reader.errors, within=20, what="the reader notices")
        server.start()
        send_all(broker, [event("a", f"after {number}") for number in range(5)])
        eventually(
            lambda: "after 4" in bodies(seen.reader.stored), within=30, what="reading goes on"
        )
        yield seen
    finally:
        seen.reader.stop()
        broker.close()


def test_a_dead_broker_is_told_with_what_to_do(outage: Outage) -> None:
    for error in (outage.sending, outage.reader.errors[-1]):
        assert error is not None
        assert "RAMET_BROKER_URL" in error.remedy
        assert "secret" not in f"{error} {error.remedy}"


def test_acknowledged_events_are_still_there_after_sigkill(outage: Outage, server: Server) -> None:
    if not server.survives:
        pytest.skip(f"this server of {server.name} keeps everything in memory")
    total = len(outage.before) + 5
    found = bodies(received(outage.broker, until=total, service="archive"))
    assert set(outage.before) <= set(found)


def test_the_reader_goes_on_in_order_after_the_restart(outage: Outage, server: Server) -> None:
    stored = bodies(outage.reader.stored)
    of_one_key = [text for text in dict.fromkeys(stored) if text in outage.before[:40]]
    assert of_one_key == outage.before[:40]
    assert [each for each in dict.fromkeys(stored) if each.startswith("after")] == [
        f"after {number}" for number in range(5)
    ]
    if server.survives:
        assert set(outage.before) <= set(stored)


def test_a_wrong_password_is_told_with_what_to_do(server: Server, connect: Connect) -> None:
    with server.refusing() as url:
        broker = connect(url=url)
        with pytest.raises(BrokerUnavailable) as sending:
            broker.send([event("a")])
        with pytest.raises(BrokerUnavailable) as reading:
            subscribe(broker)
    for refused in (sending, reading):
        assert "password" in refused.value.remedy
        assert "RAMET_BROKER_URL" in refused.value.remedy
        assert "wrong" not in str(refused.value)


def test_it_can_be_closed_twice(connect: Connect) -> None:
    broker = connect()
    broker.send([event("a")])
    broker.close()
    broker.close()
