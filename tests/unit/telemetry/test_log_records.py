"""Log lines as a collector gets them: with the ids of the trace, and no secret."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from ramet.telemetry import bound, configure, exporting, log_records, starting, tracing
from ramet.telemetry.spans import Shape
from tests.otlp import Collector, LogRow, collector

WORK = Shape("work")
Logs = Callable[[], list[LogRow]]


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def kept(settings: Any) -> Iterator[Logs]:
    with collector() as it:
        settings.RAMET_TELEMETRY = {"url": it.url}
        starting.start()
        configure("orders", "web", level=logging.DEBUG)
        yield lambda: _flushed(it)
    log_records._forget()
    exporting._forget()
    settings.RAMET_TELEMETRY = {}
    starting.start()


def _flushed(it: Collector) -> list[LogRow]:
    assert exporting.flush(10)
    return it.logs()


def test_a_line_has_the_ids_of_its_span_and_its_fields(kept: Logs) -> None:
    with tracing.work(WORK), bound(saga_id="s-1"):
        parent = tracing.current_parent()
        structlog.get_logger("shop").warning("stock.low", sku="LAMP", left=3)
    (line,) = kept()
    assert parent is not None
    assert (line.body, line.severity) == ("stock.low", "WARNING")
    assert (line.trace_id, line.span_id) == (parent.trace_id, parent.span_id)
    wanted = {"logger": "shop", "sku": "LAMP", "left": 3, "saga_id": "s-1"}
    assert wanted.items() <= line.attributes.items()
    assert line.resource["ramet.role"] == "web"


def test_a_line_of_the_standard_library_is_the_same(kept: Logs) -> None:
    with bound(saga_id="s-1"):
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            logging.getLogger("lib").exception("lost %s", "it", extra={"number": 4})
    (line,) = kept()
    assert (line.body, line.severity, line.trace_id) == ("lost it", "ERROR", "")
    assert (line.attributes["number"], line.attributes["saga_id"]) == (4, "s-1")
    assert line.attributes["exception.type"] == "builtins.ZeroDivisionError"
    assert "_ = 1 / 0" in line.attributes["exception.stacktrace"]


def test_no_secret_and_no_address_is_in_a_line(kept: Logs) -> None:
    log = structlog.get_logger("shop")
    log.info("mail to alice@shop.example", to="bob@shop.example", password="hunter22")
    logging.getLogger("lib").info("Authorization: Bearer %s", "abcdefghijklmnopqrstuvw")
    try:
        raise ValueError("token=abcdefgh of carol@shop.example")
    except ValueError:
        log.exception("failed", headers={"Cookie": "sessionid=1", "list": ["dan@shop.example"]})
    text = repr(kept())
    assert text.count("[redacted]") >= 7
    for secret in ("alice", "bob", "hunter22", "abcdef", "carol", "dan@", "sessionid=1"):
        assert secret not in text


def test_a_line_without_an_end_is_cut_and_too_many_are_counted(
    kept: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[log_records.Line] = []
    with monkeypatch.context() as patch:
        patch.setattr(log_records, "_put", put.append)
        logging.getLogger("lib").info("x" * 10_000_000, extra={"long": "y" * 10_000_000})
    assert (len(put[0].text), len(put[0].fields["long"])) == (16_000, 16_000)  # while it waits
    log_records._put(put[0])
    (line,) = kept()
    assert (len(line.body), len(line.attributes["long"])) == (16_000, 16_000)
    monkeypatch.setattr(log_records, "LARGEST_BUFFER", 0)
    logging.getLogger("lib").info("one too many")
    assert len(kept()) == 1
    assert log_records.dropped() == 1


def test_a_line_that_cannot_be_told_takes_no_other_with_it(kept: Logs) -> None:
    odd = {"levelno": logging.INFO, "levelname": None, "msg": "of no level", "name": "lib"}
    logging.getLogger().handle(logging.makeLogRecord(odd))
    logging.getLogger("lib").info("plain")
    assert [line.body for line in kept()] == ["plain"]
    assert exporting.dropped() == {("logs", "not encodable"): 1}


def test_of_many_long_lines_only_the_oldest_find_no_room(
    kept: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "LARGEST_QUEUE", 70_000)
    monkeypatch.setattr(exporting, "LARGEST_PAYLOAD", 30_000)
    put: list[log_records.Line] = []
    with monkeypatch.context() as patch:
        patch.setattr(log_records, "_put", put.append)
        for number in range(5):
            logging.getLogger("lib").info("%s", "x" * 15_000 + str(number))
    log_records._buffer.extend(put)  # at once, as a thread that writes quickly leaves them
    exporting.wake()
    assert [line.body[-1] for line in kept()] == ["2", "3", "4"]
    assert exporting.dropped() == {("logs", "queue full"): 1}


def test_whatever_is_told_becomes_text(kept: Logs) -> None:
    class Lone:
        def __str__(self) -> str:
            return "half \ud83d of a pair"

    logging.getLogger("lib").info("plain", extra={"odd": Lone()})
    structlog.get_logger("shop").info("plain", odd=[Lone(), {1: None}])
    first, second = kept()
    assert first.attributes["odd"] == "half ? of a pair"
    assert second.body == "plain"


def test_where_nothing_is_exported_no_line_is_kept(settings: Any) -> None:
    settings.RAMET_TELEMETRY = {}
    starting.start()
    configure("orders", "web")
    logging.getLogger("lib").warning("x")
    assert not log_records._buffer
