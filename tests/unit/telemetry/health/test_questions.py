"""Health is answered in bounded time, from what was looked at lately, whoever hangs."""

import threading
import time
from collections.abc import Iterator

import pytest

from ramet.telemetry.health import checking, degraded, failed, live, passed, ready, started
from ramet.telemetry.health.checking import Check, Outcome
from ramet.telemetry.health.questions import forget, watch_life


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(checking, "_factories", {})
    monkeypatch.setattr(checking, "LONGEST", 0.2)
    for each in (checking.forget, forget):
        each()
    yield
    for each in (checking.forget, forget):
        each()


def looks(*checks: Check) -> None:
    checking.add("test", lambda: [*checks])


def test_the_whole_is_as_bad_as_the_worst() -> None:
    looks(Check("a", passed), Check("b", lambda: degraded("b is slow")), Check("c", passed))
    assert ready().status == "warn"
    assert ready().checks["b"] == Outcome("warn", "b is slow")


def test_what_hangs_is_not_waited_for_and_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ramet.telemetry.health.questions.FRESH", 0.0)
    asked, go_on = [], threading.Event()

    def hang() -> Outcome:
        asked.append(1)
        go_on.wait(20)
        return passed()

    looks(Check("database", hang), Check("other", passed))
    for _ in range(3):
        health = ready()
        assert health.status == "fail"
        assert health.checks["database"].text.startswith("no answer for ")
        assert health.checks["other"].status == "pass"
    assert asked == [1]
    go_on.set()
    deadline = time.monotonic() + 10
    while ready().status != "pass":
        assert time.monotonic() < deadline
    ready()
    assert len(asked) > 1, "once it is back, it is asked again"


def test_what_hangs_and_can_be_done_without_makes_nobody_unready() -> None:
    go_on = threading.Event()
    looks(Check("search", lambda: (go_on.wait(20), passed())[1], "warn"))
    assert ready().status == "warn"
    go_on.set()


def test_a_check_that_raises_is_not_well_and_says_no_secret() -> None:
    def broken() -> Outcome:
        raise RuntimeError("password=hunter2")

    looks(Check("x", broken))
    assert ready().checks["x"] == Outcome("fail", "the check failed; the log says why")


def test_many_who_ask_at_once_get_one_answer() -> None:
    asked: list[int] = []
    looks(Check("x", lambda: (asked.append(1), passed())[1]))
    threads = [threading.Thread(target=ready) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [1]


def test_a_process_has_started_once_it_was_ready_whatever_comes_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ramet.telemetry.health.questions.FRESH", 0.0)
    outcome = [failed("not yet")]
    looks(Check("database", lambda: outcome[0]))
    assert started().status == "fail"
    assert started().checks["database"].text == "not yet"
    outcome[0] = passed()
    assert started().status == "pass"
    outcome[0] = failed("gone")
    assert (started().status, ready().status) == ("pass", "fail")


def test_a_process_lives_without_what_is_outside_of_it() -> None:
    looks(Check("database", lambda: failed("away")))
    assert live().status == "pass"
    watch_life("worker", lambda: failed("no pulse for 70 s"))
    assert live().status == "fail"
