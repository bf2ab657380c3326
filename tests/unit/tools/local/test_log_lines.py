"""What `ramet logs` makes of the lines of services and engines."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ramet.tools.local.log_lines import Choice, Line, in_order, last

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def said(event: str, second: int, level: str = "info", **more: str) -> str:
    time = f"2026-01-02T10:00:{second:02}.123456Z"
    return json.dumps({"event": event, "level": level, "time": time, **more})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "orders-web.log"
    path.write_text(
        "\n".join(
            [
                "[WARNING] granian says so",
                said("order.placed", 1, trace_id=TRACE, order_id="7"),
                said("order.failed", 2, "error", exception="Traceback ...\nKeyError: 'x'"),
                "a line of somebody's print",
                said("order.paid", 3, "warning"),
                "",
            ]
        )
    )
    return path


def shown(lines: list[Line]) -> list[str]:
    return [line.said["event"] if line.said else line.text for line in lines]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(level="error"), ["order.failed"]),
        (Choice(level="warning"), ["[WARNING] granian says so", "order.failed", "order.paid"]),
        (Choice(trace=TRACE), ["order.placed"]),
        (
            Choice(since=datetime(2026, 1, 2, 10, 0, 2, tzinfo=UTC)),
            ["order.failed", "a line of somebody's print", "order.paid"],
        ),
        (Choice(level="error", trace=TRACE), []),
    ],
)
def test_lines_are_chosen(log: Path, choice: Choice, expected: list[str]) -> None:
    assert shown(last(log, choice, None)) == expected


def test_only_the_last_ones_are_shown(log: Path) -> None:
    assert shown(last(log, Choice(), 2)) == ["a line of somebody's print", "order.paid"]
    assert shown(last(log, Choice(level="warning"), 1)) == ["order.paid"]
    assert last(log.with_name("none.log"), Choice(), 2) == []


def test_several_logs_are_shown_in_the_order_of_time(log: Path) -> None:
    other = log.with_name("nats.log")
    other.write_text(said("in between", 2) + "\n")
    lines = in_order([*last(log, Choice(), 20), *last(other, Choice(), 20)])
    assert shown(lines)[-4:] == [
        "order.failed",
        "a line of somebody's print",
        "in between",
        "order.paid",
    ]


def test_a_line_for_people(log: Path) -> None:
    lines = [line.shown(10) for line in last(log, Choice(), 20)]
    assert lines[1] == (
        f"10:00:01.123  orders-web  info     order.placed  trace_id={TRACE} order_id=7"
    )
    assert lines[2].endswith("order.failed\nTraceback ...\nKeyError: 'x'")
    assert lines[3] == "orders-web  a line of somebody's print"


def test_a_line_for_programs(log: Path) -> None:
    lines = [json.loads(line.as_json()) for line in last(log, Choice(), 20)]
    assert lines[0] == {
        "process": "orders-web",
        "event": "[WARNING] granian says so",
        "level": "warning",
    }
    assert lines[1]["order_id"] == "7"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026-01-02 10:00:00.000 UTC [7] FATAL:  the database system is starting up", "critical"),
        ("2026-01-02 10:00:00.000 UTC [7] ERROR:  duplicate key", "error"),
        ("[7] 2026/01/02 10:00:00.000000 [WRN] slow", "warning"),
        ("[2026-01-02 10:00:00.000][7][error][config] no", "error"),
        ("[2026-01-02 10:00:00.000][7][info][main] yes", "info"),
        ("{half a line", "info"),
        ('["no", "object"]', "info"),
        ('{"level": 7}', "info"),
    ],
)
def test_engines_say_how_bad_it_is_in_their_own_ways(text: str, level: str) -> None:
    assert Line.read("x", text).level == level
