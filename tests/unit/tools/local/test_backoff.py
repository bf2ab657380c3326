"""Restarts are immediate until they are many."""

from ramet.tools.local.backoff import Backoff


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_restarts_are_immediate_then_the_pauses_double() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    delays = []
    for _ in range(10):
        delays.append(backoff.next_delay())
        clock.now += 0.1
    assert delays == [0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_pauses_do_not_make_a_crash_loop_look_healthy() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    for _ in range(20):
        clock.now += backoff.next_delay() + 0.1
    assert backoff.next_delay() == 15.0


def test_a_quiet_time_forgives() -> None:
    clock = Clock()
    backoff = Backoff(clock)
    for _ in range(5):
        backoff.next_delay()
    clock.now += 60
    assert backoff.next_delay() == 0.0


def test_a_changed_cause_begins_anew() -> None:
    backoff = Backoff(Clock())
    for _ in range(5):
        backoff.next_delay()
    backoff.forget()
    assert backoff.next_delay() == 0.0
