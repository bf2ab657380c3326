"""Lanes outlive what their jobs do."""

import threading

import pytest

from ramet.sagas.lanes import Lanes


def leave() -> None:
    raise SystemExit


def test_a_job_that_wants_to_end_its_thread_costs_no_lane() -> None:
    lanes, done = Lanes(2), threading.Event()
    for _ in range(6):
        lanes.submit(leave)
    assert lanes.wait(5)
    lanes.submit(done.set)
    assert done.wait(5)
    assert lanes.wait(5)


def test_a_thread_that_cannot_be_started_costs_no_lane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lanes, done = Lanes(1), threading.Event()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            lanes.submit(done.set)
    assert lanes.are_free
    lanes.submit(done.set)
    assert done.wait(5)
