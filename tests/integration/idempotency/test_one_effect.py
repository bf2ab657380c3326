"""On PostgreSQL: concurrent requests, a crash between effect and commit, and a restart."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def run(postgres: Any, root: Path) -> Run:
    """`run("post", {...})` does it in a process of its own; what it printed, or its exit code."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.integration.idempotency.settings",
        "IDEMPOTENCY_TEST_DATABASE": postgres.create_database("keys"),
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]),
    }

    def run(*command: Any, **more: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.idempotency.client", json.dumps(command)],
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode < 0:
            return done.returncode
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    run("migrate")
    return run


def test_a_crash_between_effect_and_commit_leaves_nothing_and_a_restart_replays(run: Run) -> None:
    assert run("post", {"key": "k", "deed": "die"}) == -signal.SIGKILL
    made = run("post", {"key": "k"})
    (first,) = made["answers"]
    assert (first[0], made["effects"]) == (201, {"k": 1})
    later = run("post", {"key": "k"}, {"key": "k", "label": "b"}, {"key": "k", "user": "bob"})
    again, otherwise, by_another = later["answers"]
    assert again == first, "in another process, which knows only the database"
    assert otherwise[0] == 422
    assert by_another[0] == 201
    assert by_another != first
    assert later["effects"] == {"k": 2}


def test_a_repetition_waits_for_the_first_request_and_gets_its_answer(run: Run) -> None:
    found = run("first_of_two", "after", "l")
    assert found["first"][0] == 201
    assert found["second"] == found["first"]
    assert found["effects"]["l"] == 1
    ten = run("at_once", 10, "m")
    assert len({tuple(answer) for answer in ten["answers"]}) == 1
    assert ten["effects"]["m"] == 1


def test_a_repetition_that_has_waited_long_enough_is_told_to_come_again(run: Run) -> None:
    found = run("first_of_two", "out", "n", IDEMPOTENCY_TEST_WAIT="1")
    status, body, _ = found["second"]
    assert (status, json.loads(body)["code"]) == (409, "idempotency-key-in-use")
    assert found["first"][0] == 201
    assert found["effects"]["n"] == 1
