"""What a loop says that fails for hours."""

from __future__ import annotations

import pytest
from django.db import OperationalError, ProgrammingError
from structlog.testing import capture_logs

from ramet.events.failures import Failures, remedy_of


def test_the_same_failure_is_told_again_at_powers_of_two() -> None:
    failures = Failures("relay")
    with capture_logs() as lines:
        for number in range(1, 101):
            failures.note(ValueError(f"no answer from port {number}"))
    assert [line["failures"] for line in lines] == [1, 2, 4, 8, 16, 32, 64]
    assert ["exc_info" in line for line in lines] == [True] + [False] * 6


def test_another_failure_is_told_at_once() -> None:
    failures = Failures("relay")
    with capture_logs() as lines:
        for text in ("a", "b", "b", "b", "a"):
            failures.note(ValueError(text))
    assert [line["failures"] for line in lines] == [1, 2, 4, 5]
    assert "exc_info" in lines[1]


def test_after_a_recovery_it_is_counted_anew() -> None:
    failures = Failures("relay")
    with capture_logs() as lines:
        failures.over()
        failures.note(ValueError("a"))
        failures.over()
        failures.note(ValueError("a"))
    assert [(line["event"], line["failures"]) for line in lines] == [
        ("worker.loop_failed", 1),
        ("worker.loop_recovered", 1),
        ("worker.loop_failed", 1),
    ]


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ProgrammingError('relation "ramet_events_outbox" does not exist'), "migrate"),
        (OperationalError("no such table: ramet_events_outbox"), "migrate"),
        (OperationalError("password authentication failed for user"), "RAMET_DATABASE_URL"),
        (OperationalError("server closed the connection"), ""),
    ],
)
def test_a_remedy_is_told_where_there_is_one(error: Exception, remedy: str) -> None:
    assert remedy in remedy_of(error)
    assert bool(remedy_of(error)) is bool(remedy)
