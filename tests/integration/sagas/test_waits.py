"""A timer races a reply on PostgreSQL: whoever has the row's lock first wins, and both know it."""

import signal
from typing import Any

import pytest

BOUNDARIES = ["before-wait", "after-wait"]

HEARD, NOT_HEARD = [True, ["heard yes"]], [False, ["heard nothing"]]


def test_a_timer_that_races_a_reply_has_exactly_one_winner(host: Any) -> None:
    results = host.order("race", rounds=20)["results"]
    assert all(result in (HEARD, NOT_HEARD) for result in results), results
    assert HEARD in results
    assert NOT_HEARD in results


def test_a_reply_that_commits_only_after_the_time_is_over_wins_if_it_came_before(host: Any) -> None:
    answer = host.order("reply_first")
    assert answer == {"counted": True, "taken": 0, "effects": ["heard yes"]}


def test_a_reply_that_comes_while_a_worker_takes_the_run_is_late(host: Any) -> None:
    assert host.order("timer_first") == {"counted": False, "effects": ["heard nothing"]}


def test_a_reply_that_commits_while_the_wait_begins_is_not_lost(host: Any) -> None:
    assert host.order("reply_early") == {"counted": True, "effects": ["heard yes"]}


@pytest.mark.parametrize("place", [f"{at}:answered" for at in BOUNDARIES])
def test_a_worker_killed_around_the_beginning_of_a_wait_does_not_lose_it(
    host: Any, place: str
) -> None:
    run = host.order("die_waiting", place=place)
    assert run["first"] == -signal.SIGKILL
    assert run["wait"] == "open"
    assert run["counted"] is True
    assert run["effects"] == ["ask", "heard yes"]


def test_a_wait_outlives_the_worker_and_so_does_its_time(sqlite_host: Any) -> None:
    run = sqlite_host.order("die_waiting", place="after-wait:answered")
    assert (run["wait"], run["effects"]) == ("open", ["ask", "heard yes"])
