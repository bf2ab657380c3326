"""The log lines of a process."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from ramet.telemetry import bound, configure, tracing
from ramet.telemetry.logs import hand_to_logging
from ramet.telemetry.propagation import parent_in
from ramet.telemetry.spans import Shape
from tests.unit.conftest import Trace


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_elsewhere_than_on_a_terminal_each_line_is_one_json_object() -> None:
    stream = io.StringIO()
    configure("orders", "worker", stream=stream)
    structlog.get_logger("ramet.sagas").info("saga done", saga="7")
    (line,) = lines(stream)
    assert line["event"] == "saga done"
    assert (line["service"], line["role"], line["level"]) == ("orders", "worker", "info")
    assert (line["logger"], line["saga"]) == ("ramet.sagas", "7")
    assert line["time"].endswith("Z")


def test_a_terminal_gets_lines_for_people() -> None:
    stream = Terminal()
    configure("orders", "worker", stream=stream)
    structlog.get_logger("ramet").warning("stock low", sku="LAMP")
    text = stream.getvalue()
    assert "stock low" in text
    assert not text.startswith("{")


def test_a_record_of_the_standard_library_carries_the_same_context() -> None:
    stream = io.StringIO()
    configure("orders", "web", stream=stream)
    with bound(request_id="r-1"):
        logging.getLogger("django.request").warning("Not Found: %s", "/x", extra={"status": 404})
    (line,) = lines(stream)
    assert line["event"] == "Not Found: /x"
    assert (line["request_id"], line["service"], line["status"]) == ("r-1", "orders", 404)


def test_context_ends_with_its_block() -> None:
    stream = io.StringIO()
    configure("orders", "web", stream=stream)
    with bound(request_id="r-1"):
        pass
    logging.getLogger("shop").info("later")
    assert "request_id" not in lines(stream)[0]


def test_an_exception_is_part_of_its_json_line() -> None:
    stream = io.StringIO()
    configure("orders", "web", stream=stream)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("shop").exception("failed")
        structlog.get_logger("shop").exception("failed too")
    assert all("ValueError: broken" in line["exception"] for line in lines(stream))


def test_configuring_twice_writes_each_line_once() -> None:
    stream = io.StringIO()
    logger = structlog.get_logger("ramet")
    configure("orders", "web", stream=stream)
    configure("orders", "worker", stream=stream)
    logger.info("once")
    assert [line["role"] for line in lines(stream)] == ["worker"]


def test_a_value_that_json_does_not_know_does_not_stop_the_log() -> None:
    stream = io.StringIO()
    configure("orders", "web", stream=stream)
    structlog.get_logger("ramet").info("odd", value=object())
    assert "object object" in lines(stream)[0]["value"]


def test_without_configuration_lines_go_where_the_project_sends_its_own(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.reset_defaults()
    hand_to_logging()
    with bound(saga="7"):
        structlog.get_logger("ramet.sagas").warning("odd", step="reserve")
    (record,) = caplog.records
    assert (record.name, record.getMessage()) == ("ramet.sagas", "odd")
    assert record.__dict__["step"] == "reserve"
    assert record.__dict__["saga"] == "7"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("state", ["!!!", "a=1,a=2", "=", "a" * 200 + "=1"])
def test_a_malformed_tracestate_ends_no_line(traced: Trace, state: str) -> None:
    traced()
    stream = io.StringIO()
    configure("orders", "web", stream=stream)
    parent = parent_in(f"00-{'a' * 32}-{'b' * 16}-01", state)
    with tracing.work(Shape("work"), parent=parent):
        logging.getLogger("shop").info("told")
    assert [line["trace_id"] for line in lines(stream) if line["event"] == "told"] == ["a" * 32]
