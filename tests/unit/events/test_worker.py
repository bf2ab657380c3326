"""Loops: woken, polled, restarted after failures, stopped."""

from __future__ import annotations

import threading
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from ramet.events import wake
from ramet.events.worker import Loop, Worker

Eventually = Callable[..., Any]


class Counting(Loop):
    name = "counting"
    topics = ("count",)
    poll = 60

    def __init__(self, *script: float | BaseException | None) -> None:
        super().__init__()
        self.script = list(script)
        self.rounds = 0
        self.ended = False

    def work(self) -> float | None:
        self.rounds += 1
        result = self.script.pop(0) if self.script else None
        if isinstance(result, BaseException):
            raise result
        return result

    def end(self) -> None:
        self.ended = True


@pytest.fixture(autouse=True)
def _no_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ramet.events.worker.Pulse.start", lambda self: None)


@pytest.fixture
def run() -> Iterator[Callable[[Loop], Worker]]:
    workers = []

    def start(loop: Loop) -> Worker:
        workers.append(Worker([loop]))
        workers[-1].start()
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop(2)


def test_a_wake_up_calls_the_loop_again(run: Any, eventually: Eventually) -> None:
    loop = Counting()
    run(loop)
    eventually(lambda: loop.rounds == 1)
    wake.wake("something else")
    wake.wake("count")
    eventually(lambda: loop.rounds == 2)


def test_a_wake_up_during_the_work_is_not_lost(run: Any, eventually: Eventually) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Counting):
        def work(self) -> float | None:
            begun.set()
            go_on.wait(5)
            return super().work()

    loop = Slow()
    run(loop)
    begun.wait(5)
    wake.wake("count")
    go_on.set()
    eventually(lambda: loop.rounds == 2)


def test_zero_calls_it_again_at_once_and_a_number_after_that_time(
    run: Any, eventually: Eventually
) -> None:
    loop = Counting(0, 0, 0.05, None)
    run(loop)
    eventually(lambda: loop.rounds == 4, within=2)


def test_without_any_wake_up_the_poll_calls_it(run: Any, eventually: Eventually) -> None:
    loop = Counting()
    loop.poll = 0.02
    run(loop)
    eventually(lambda: loop.rounds > 3, within=2)


def test_a_failure_is_logged_and_the_loop_goes_on(run: Any, eventually: Eventually) -> None:
    loop = Counting(ValueError("one"), None)
    with capture_logs() as lines:
        run(loop)
        eventually(lambda: loop.rounds == 2)
        eventually(lambda: any(line["event"] == "worker.loop_recovered" for line in lines))
    assert [line["event"] for line in lines if "loop_" in line["event"]] == [
        "worker.loop_failed",
        "worker.loop_recovered",
    ]


@pytest.mark.parametrize("error", [SystemExit(0), CancelledError(), KeyboardInterrupt()])
def test_nothing_that_a_loop_raises_ends_its_thread(
    run: Any, eventually: Eventually, error: BaseException
) -> None:
    loop = Counting(error, None)
    with capture_logs() as lines:
        run(loop)
        eventually(lambda: loop.rounds == 2)
    (failed,) = [line for line in lines if line["event"] == "worker.loop_failed"]
    assert type(error).__name__ in failed["error"]


def test_stopping_waits_for_the_work_in_hand(run: Any, eventually: Eventually) -> None:
    begun = threading.Event()

    class Slow(Counting):
        def work(self) -> float | None:
            begun.set()
            time.sleep(0.2)  # the work itself
            return super().work()

    loop = Slow()
    worker = run(loop)
    begun.wait(5)
    assert worker.stop(5) == []
    assert loop.rounds == 1
    assert loop.ended


def test_stopping_names_what_is_still_busy_at_the_deadline(run: Any) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Stuck(Counting):
        def work(self) -> float | None:
            begun.set()
            go_on.wait(10)
            return None

    worker = run(Stuck())
    begun.wait(5)
    try:
        assert worker.stop(0.1) == ["counting"]
    finally:
        go_on.set()
