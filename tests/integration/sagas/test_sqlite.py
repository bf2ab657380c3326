"""Sagas on SQLite, as `manage.py runserver` of a tiny project has them."""

import signal
from typing import Any

import pytest


def test_several_threads_share_the_database(sqlite_host: Any) -> None:
    answer = sqlite_host.order("crowd", slow=3)
    assert answer == {"quick": "completed", "slow": ["running"] * 3}


@pytest.mark.parametrize("place", ["after:open", "after:reserve", "after-commit:decide"])
def test_a_killed_process_resumes(sqlite_host: Any, place: str) -> None:
    answer = sqlite_host.order("crash", saga="Journey", state={}, place=place)
    assert (answer["first"], answer["second"]) == (-signal.SIGKILL, 0)
    assert answer["effects"] == ["open", "reserve", "authorise", "decide", "capture", "confirm"]
