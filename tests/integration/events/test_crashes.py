"""Worker processes killed at random, or by a handler; tests/integration/fire chooses places."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

import ramet
from tests.integration.events.conftest import NatsServer, count, effects
from tests.integration.events.parcels.events import Moved

Eventually = Callable[..., Any]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(database: str, nats_server: NatsServer, system: str, root: Path) -> Iterator[Start]:
    """Starts `crashing.py`; with the same instance name each time, as a supervisor would."""
    processes: list[subprocess.Popen[bytes]] = []

    def start_one(point: str, *, with_broker: bool = True) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "TEST_DATABASE_URL": database,
            "TEST_SYSTEM": system,
            "TEST_BROKER_URL": nats_server.url if with_broker else "",
            "RAMET_INSTANCE": "tracking-worker-1",
        }
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.integration.events.crashing", point],
                cwd=root,
                env=environment,
                stdin=subprocess.PIPE,
            )
        )
        return processes[-1]

    yield start_one
    for each in processes:
        each.kill()
        each.wait()


def publish(numbers: range) -> None:
    for number in numbers:
        with transaction.atomic():
            ramet.publish(Moved(parcel="a", number=number), Moved(parcel="b", number=number))


def exactly_once_in_order(last: int) -> bool:
    found = effects()
    return sorted(found) == sorted((key, number) for key in "ab" for number in range(1, last)) and [
        number for key, number in found if key == "a"
    ] == list(range(1, last))


def test_killed_again_and_again_at_random_it_still_has_each_effect_once(
    start: Start, eventually: Eventually
) -> None:
    """Kills come whenever progress shows, not at chosen points."""
    published = 1
    for _ in range(4):
        process = start("none")
        before = len(effects())
        publish(range(published, published + 20))
        published += 20
        eventually(lambda before=before: len(effects()) > before + 5, within=20)
        process.kill()
        process.wait()
    start("none")
    eventually(lambda: len(effects()) >= 2 * (published - 1), within=20)
    eventually(lambda: count("outbox") == 0 and count("inbox", "state = 'ready'") == 0)
    assert exactly_once_in_order(published)


def test_an_event_that_kills_every_process_becomes_a_dead_letter(
    start: Start, eventually: Eventually
) -> None:
    publish(range(1, 4))
    for _ in range(4):  # the first does not suspect anything yet, three attempts are counted
        assert start("poison", with_broker=False).wait(20) == -signal.SIGKILL
    start("poison", with_broker=False)
    eventually(lambda: count("inbox", "state = 'ready'") == 0, within=20)
    assert (
        count("inbox", "state = 'dead' AND attempts = 3 AND error LIKE 'The process%ended%'") == 1
    )
    assert sorted(effects()) == [("a", 1), ("a", 3), ("b", 1), ("b", 2), ("b", 3)]
    assert count("inbox", "state = 'done' AND attempts <> 1 AND key = 'a'") == 0


def test_a_process_that_was_stopped_leaves_nobody_under_suspicion(
    start: Start, eventually: Eventually
) -> None:
    process = start("none", with_broker=False)
    eventually(lambda: count("lease", "name = 'inbox/tracking-worker-1'") == 1)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0
    assert count("lease", "name LIKE 'inbox/%'") == 0
