"""What is put arrives at a collector; one that hangs, refuses or is away holds nobody up."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from ramet.telemetry import exporting, sending
from tests.otlp import Collector, collector


@pytest.fixture
def received(settings: Any) -> Iterator[Collector]:
    with collector() as it:
        settings.RAMET_TELEMETRY = {"url": it.url}
        yield it


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An exporter of its own for each test, in a hurry."""
    monkeypatch.setattr(exporting, "EVERY", 0.01)
    monkeypatch.setattr(exporting, "SHORTEST_PAUSE", 0.02)
    monkeypatch.setattr(exporting, "_sources", [])
    exporting._forget()
    yield
    exporting._forget()


def test_what_is_put_arrives_as_it_is(received: Collector) -> None:
    exporting.put("metrics", b"\x00\x01payload")
    assert exporting.flush(10)
    (request,) = received.requests
    assert (request.path, request.body) == ("/v1/metrics", b"\x00\x01payload")
    assert request.headers["content-type"] == "application/x-protobuf"


def test_headers_and_compression_are_those_of_the_standard_variables(
    received: Collector, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s%20ecret,x-team=blue")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    settings.RAMET_TELEMETRY = {"url": received.url, "service": "read-anew"}
    exporting.put("traces", b"payload" * 1000)
    assert exporting.flush(10)
    (request,) = received.requests
    assert request.headers["api-key"] == "s ecret"
    assert request.headers["x-team"] == "blue"
    assert request.headers["content-encoding"] == "gzip"
    assert request.body == b"payload" * 1000


def test_a_source_is_asked_before_each_sending_and_a_broken_one_holds_up_no_other(
    received: Collector,
) -> None:
    def broken() -> list[tuple[exporting.Signal, bytes]]:
        raise RuntimeError("out of paper")

    exporting.feed(broken)
    exporting.feed(lambda: [("logs", b"from a source")])
    with structlog.testing.capture_logs() as lines:
        exporting.wake()
        received.wait(lambda: len(received.requests) > 3)
    assert received.requests[0].body == b"from a source"
    assert [line["event"] for line in lines] == ["telemetry.source_failed"]


def test_a_collector_that_is_away_for_a_while_gets_all_of_it_later(received: Collector) -> None:
    statuses = iter([503, 503, 429])
    received.answer = lambda request: next(statuses, 200)
    with structlog.testing.capture_logs() as lines:
        exporting.put("traces", b"one")
        exporting.put("traces", b"two")
        received.wait(lambda: received.requests[-1:] and received.requests[-1].body == b"two")
    assert [each.body for each in received.requests] == [b"one"] * 4 + [b"two"]
    told = [line["event"] for line in lines]
    assert told == ["telemetry.not_delivered", "telemetry.delivered_again"]
    assert exporting.dropped() == {}


def test_what_a_collector_refuses_for_good_is_counted_and_the_next_is_sent(
    received: Collector,
) -> None:
    received.answer = lambda request: 400 if request.body == b"bad" else 200
    exporting.put("logs", b"bad")
    exporting.put("logs", b"good")
    assert exporting.flush(10)
    assert [each.body for each in received.requests] == [b"bad", b"good"]
    assert exporting.dropped() == {("logs", "refused"): 1}


def test_a_wait_that_the_collector_asks_for_is_kept(
    received: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "LONGEST_PAUSE", 3600)
    received.answer = lambda request: 503
    received.retry_after = "3600"
    exporting.put("logs", b"x")
    received.wait(lambda: received.requests)
    asked = threading.Event()
    exporting.feed(lambda: asked.set() or [])
    for _ in range(3):  # the thread has looked again, and sent nothing
        asked.clear()
        assert asked.wait(10)
    assert len(received.requests) == 1


@pytest.fixture
def hanging(settings: Any) -> Iterator[Callable[[], int]]:
    """A collector that accepts and never answers; how many connections it has had."""
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.RAMET_TELEMETRY = {"url": f"http://127.0.0.1:{server.getsockname()[1]}"}

        def accept() -> None:
            try:
                while True:
                    accepted.append(server.accept()[0])
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield lambda: len(accepted)
        server.shutdown(socket.SHUT_RDWR)
    for each in accepted:
        each.close()


def test_a_collector_that_hangs_is_given_up_and_what_does_not_fit_is_counted(
    hanging: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.2)
    monkeypatch.setattr(exporting, "LARGEST_QUEUE", 5000)
    for _ in range(20):
        exporting.put("traces", b"x" * 1000)
    assert not exporting.flush(0.01)
    Collector().wait(lambda: hanging() >= 2)  # it has timed out, and tried again
    assert exporting.dropped()["traces", "queue full"] >= 14
    with structlog.testing.capture_logs() as lines:
        exporting.put("traces", b"x" * 1000)
    assert lines == []


def test_where_nothing_is_set_no_thread_is_started(settings: Any) -> None:
    settings.RAMET_TELEMETRY = {}
    exporting.put("traces", b"x")
    assert not exporting.is_on()
    assert exporting._exporter._thread is None


def test_where_no_thread_can_be_had_nobody_fails_and_it_is_tried_again(
    received: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    exporting.put("traces", b"x")
    monkeypatch.undo()
    exporting.put("traces", b"y")
    assert exporting.flush(10)
    assert _traces(received) == [b"x", b"y"]


def test_what_cannot_be_sent_at_all_does_not_end_the_thread(received: Collector) -> None:
    post = sending.Connection.post

    def broken(connection: sending.Connection, path: str, payload: bytes) -> sending.Outcome:
        if payload == b"odd":
            raise UnicodeEncodeError("ascii", "\u00e9", 0, 1, "not in an address")
        return post(connection, path, payload)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending.Connection, "post", broken)
        exporting.put("traces", b"odd")
        exporting.put("traces", b"plain")
        assert exporting.flush(10)
    assert _traces(received) == [b"plain"]
    assert exporting.dropped() == {("traces", "refused"): 1}


def test_a_fork_has_a_thread_of_its_own_and_nothing_of_its_parents(received: Collector) -> None:
    received.answer = lambda request: 503
    exporting.put("traces", b"parent")
    received.wait(lambda: received.requests)
    received.answer = lambda request: 200 if request.body == b"child" else 503
    child = os.fork()
    if child == 0:
        exporting.put("traces", b"child")
        os._exit(0 if exporting.flush(10) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [each.body for each in received.requests].count(b"child") == 1


def _traces(received: Collector) -> list[bytes]:
    """Without the metrics, which a thread of an earlier test may still put now and then."""
    return [each.body for each in received.requests if each.path == "/v1/traces"]
