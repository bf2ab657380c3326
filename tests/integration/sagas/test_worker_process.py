"""`python -m ramet.processes worker`, with sagas as its work."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path, eventually: Any) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(**more: str) -> "subprocess.Popen[str]":
        log = tmp_path / f"worker-{len(started)}.log"
        process = subprocess.Popen(
            [sys.executable, "-m", "ramet.processes", "worker"],
            env={**environment, "RAMET_INSTANCE": "orders-worker-1", **more},
            stderr=log.open("w"),
            text=True,
        )
        started.append(process)
        eventually(
            lambda: "worker.started" in log.read_text(), within=30, what="the worker's first line"
        )
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_a_slow_step_of_one_saga_does_not_hold_up_another(host: Any) -> None:
    assert host.order("crowd", slow=3) == {"quick": "completed", "slow": ["running"] * 3}


def test_steps_that_want_to_end_their_thread_cost_no_lane(host: Any) -> None:
    answer = host.order("leavers", count=6)
    assert answer == {"ends": ["compensated"] * 6 + ["completed"], "busy": []}


def test_a_worker_forgets_what_ended_long_ago(host: Any) -> None:
    run = host.order("crash", saga="Journey", state={}, place="nowhere")
    assert host.order("forget", run_id=run["id"]) == {"aged": 1, "left": 0}


def test_a_worker_works_and_ends_on_sigterm(host: Any, start: Start, eventually: Any) -> None:
    worker = start()
    run = host.order("begin", saga="Journey", state={})["id"]
    eventually(lambda: host.order("look", run_id=run)["status"] == "completed")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0


def test_sigterm_lets_the_step_in_hand_finish_and_leaves_the_next_one(
    host: Any, start: Start, eventually: Any
) -> None:
    worker = start()
    run = host.order("begin", saga="Nap", state={})["id"]
    eventually(lambda: host.order("look", run_id=run)["holder"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    left = host.order("look", run_id=run)
    assert (left["position"], left["holder"], left["attempts"]) == (1, "", 0)

    start()
    eventually(lambda: host.order("look", run_id=run)["status"] == "completed")


def test_a_worker_killed_in_a_step_resumes_at_once_under_its_name(
    host: Any, start: Start, eventually: Any
) -> None:
    worker = start()
    run = host.order("begin", saga="Nap", state={})["id"]
    eventually(lambda: host.order("look", run_id=run)["holder"])
    worker.kill()
    worker.wait()
    start()
    eventually(lambda: host.order("look", run_id=run)["status"] == "completed", within=5)


def test_a_run_from_before_a_deploy_finishes_with_its_own_steps(
    host: Any, start: Start, environment: dict[str, str], eventually: Any, tmp_path: Path
) -> None:
    def look(run: str) -> dict[str, Any]:
        answer: dict[str, Any] = host.order("look", run_id=run)
        return answer

    def stop(worker: "subprocess.Popen[str]") -> None:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0

    old = host.order("begin", saga="VoyageOfOld", state={"name": str(tmp_path)})["id"]
    worker = start(SAGA_TEST_VERSIONS="1")
    eventually(lambda: look(old)["wait"] == "open")
    stop(worker)

    # Deployed without the old class: new runs are worked off, the old one waits, and that is told.
    new = host.order("begin", saga="Voyage", state={"name": str(tmp_path)})["id"]
    worker = start(SAGA_TEST_VERSIONS="2")
    assert host.order("reply", saga="VoyageOfOld", key=str(tmp_path), step="sail")["counted"]
    eventually(lambda: look(new)["status"] == "completed")
    assert "saga.waits_for_code" in (tmp_path / "worker-1.log").read_text()
    stop(worker)
    assert (look(old)["effects"], look(new)["effects"]) == (["board"], ["fly"])
    listed = subprocess.run(
        [sys.executable, "-m", "django", "ramet_sagas", "list", "--saga", "Voyage"],
        env=environment | {"SAGA_TEST_VERSIONS": "2"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "waits for code of version 1" in listed.stdout

    # Deployed with both: it goes on as it began.
    start(SAGA_TEST_VERSIONS="1 2")
    eventually(lambda: look(old)["status"] == "completed")
    assert look(old)["effects"] == ["board", "sail", "dock"]


def test_an_idle_worker_uses_almost_no_processor_time(start: Start) -> None:
    process = psutil.Process(start().pid)

    def spent() -> float:
        times = process.cpu_times()
        return times.user + times.system

    used = []
    for _ in range(4):  # on a busy machine its first rounds last into the first of these times
        before = spent()
        time.sleep(4)  # what is measured is this time itself
        used.append(spent() - before)
        if used[-1] < 0.09:
            return
    pytest.fail(f"seconds of processor time in 4 s each: {used}")


def test_a_wrong_option_is_told_without_a_traceback(environment: dict[str, str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "ramet.processes", "worker"],
        env={**environment, "SAGA_TEST_WRONG_OPTION": "1"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert result.returncode == 2
    assert "no_such_option" in result.stderr
    assert "Traceback" not in result.stderr
