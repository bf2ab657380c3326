"""SIGTERM under load, and handlers that outlive a lease or a limit."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.fire.judge import violations
from tests.integration.sagas.conftest import Host

Eventually = Callable[..., Any]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(environment: dict[str, str], root: Path) -> Iterator[Start]:
    """Starts a worker, always under one name as a supervisor does."""
    started: list[subprocess.Popen[bytes]] = []

    def start_one(slow: float, drain: float = 9.5) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.integration.fire.worker", str(slow), str(drain)]
        env = {**environment, "RAMET_INSTANCE": "fire-worker-1"}
        started.append(subprocess.Popen(command, cwd=root, env=env))
        return started[-1]

    yield start_one
    for each in started:
        each.kill()
        each.wait()


@pytest.fixture
def counted(environment: dict[str, str]) -> Iterator[Callable[[str], int]]:
    with psycopg.connect(environment["FIRE_DATABASE"], autocommit=True) as connection:

        def count(what: str) -> int:
            ((number,),) = connection.execute(f"SELECT count(*) FROM {what}").fetchall()
            return int(number)

        yield count


def test_sigterm_under_load_finishes_what_is_in_hand_and_leaves_the_rest_to_the_next(
    host: Host, start: Start, counted: Callable[[str], int], eventually: Eventually
) -> None:
    host.order("publish", last=30)
    worker = start(0.2)
    eventually(lambda: counted("fire_effect WHERE handler = 'steady'") >= 5, within=20)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    effects = counted("fire_effect")
    assert effects < 3 * counted("fire_deed") - 1, "it was all done before the signal: no load"
    assert effects == counted("ramet_events_inbox WHERE state = 'done'")
    assert counted("ramet_events_lease WHERE until > clock_timestamp()") == 0
    following = start(0)
    eventually(lambda: not counted("ramet_events_inbox WHERE state = 'ready'"), within=20)
    following.send_signal(signal.SIGTERM)
    assert following.wait(10) == 0
    assert violations(host.order("report")) == []


def test_a_handler_that_outlives_the_limit_is_rolled_back_and_done_by_the_next(
    host: Host, start: Start, counted: Callable[[str], int], eventually: Eventually
) -> None:
    host.order("publish", last=2)
    worker = start(30, drain=0.5)
    in_handler = (
        "pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
        " AND state_change < clock_timestamp() - interval '0.3 seconds'"
    )
    eventually(lambda: counted(in_handler) > 0, within=20)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 1
    assert counted("fire_effect WHERE handler = 'steady'") == 0
    following = start(0)
    eventually(lambda: not counted("ramet_events_inbox WHERE state = 'ready'"), within=20)
    following.send_signal(signal.SIGTERM)
    assert following.wait(10) == 0
    assert violations(host.order("report")) == []


def test_a_handler_that_outlives_every_lease_has_one_effect(host: Host) -> None:
    """Two workers; each event takes several times as long as a lease lasts."""
    found = host.order("outlive")
    assert found["exits"] == [0, 0]
    assert found["longest"] > 2 * found["lease"]
    assert violations(found) == []
