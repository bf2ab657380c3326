"""Forks workers that run sagas and die, stop or are cut off where they are told to.

A program of its own, driven by JSON lines, because a test process must not be forked in the middle
of its work, and because setting Django up for each of many deaths would take minutes.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

django.setup()

from django.db import Error, OperationalError, connection, connections, transaction  # noqa: E402
from django.db.models.functions import Now  # noqa: E402

from ramet import failpoints, telemetry  # noqa: E402
from ramet.events.worker import Worker  # noqa: E402
from ramet.sagas import claims, housekeeping  # noqa: E402
from ramet.sagas.loop import SagaLoop  # noqa: E402
from ramet.sagas.models import SagaRun  # noqa: E402
from tests.integration.sagas import sagas  # noqa: E402
from tests.integration.sagas.models import Effect  # noqa: E402

ENDED = ("completed", "compensated", "stuck")
LIMIT = 20.0


def start(name: str, state: dict[str, Any]) -> str:
    with transaction.atomic():
        return str(getattr(sagas, name).start(**state))


def describe(run_id: str) -> dict[str, Any]:
    run = SagaRun.objects.get(pk=run_id)
    return {
        "status": run.status,
        "epoch": run.epoch,
        "effects": list(
            Effect.objects.filter(run=UUID(run_id)).order_by("id").values_list("method", flat=True)
        ),
        "journal": list(run.journal.values_list("step", "direction", "outcome")),
    }


def die() -> None:
    # To this thread: a signal to the process lets the thread run on for a moment.
    signal.pthread_kill(threading.get_ident(), signal.SIGKILL)


def stop() -> None:
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def cut() -> None:
    """End every other connection to this database, as a restart of PostgreSQL does."""
    with connections.create_connection("default").cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def doubt() -> None:
    """As when a connection breaks between a commit and its answer."""
    raise OperationalError("the answer was lost")


DEEDS: dict[str, Callable[[], None]] = {"die": die, "stop": stop, "cut": cut, "doubt": doubt}


def fork_worker(
    run_id: str, holder: str, deed: str = "", place: str = "", lease: float = 15
) -> int:
    """Fork a worker that does `deed` when `place` is first reached, and ends with its run."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    try:
        claims.LEASE = lease  # type: ignore[misc]
        todo = [place]

        def reached(where: str) -> None:
            if where in todo:
                todo.remove(where)
                DEEDS[deed]()

        failpoints.on_reached = reached
        worker = Worker([SagaLoop(holder)])
        worker.start()
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            time.sleep(0.02)
            try:
                if SagaRun.objects.get(pk=run_id).status in ENDED:
                    break
            except Error:  # cut off like everybody else
                connection.close()
        if deed == "stop":
            worker.stop(
                5
            )  # what it does after it woke is the point; elsewhere this only costs time
        os._exit(0 if time.monotonic() < deadline else 3)
    except BaseException:  # noqa: BLE001 - the fork must not go on as the host
        traceback.print_exc()
        os._exit(4)


def wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def crash(saga: str, state: dict[str, Any], place: str) -> dict[str, Any]:
    """Die at `place`, start again under the same name, and end the run."""
    run_id = start(saga, state)
    first = wait(fork_worker(run_id, "worker-1", "die", place))
    second = wait(fork_worker(run_id, "worker-1"))
    return {"id": run_id, "first": first, "second": second, **describe(run_id)}


def sever(saga: str, state: dict[str, Any], place: str, deed: str) -> dict[str, Any]:
    """Lose every database connection, or one answer, at `place`."""
    run_id = start(saga, state)
    return {"first": wait(fork_worker(run_id, "worker-1", deed, place)), **describe(run_id)}


def pause(saga: str, state: dict[str, Any], place: str) -> dict[str, Any]:
    """Stop at `place`, have another worker take over, wake up again."""
    run_id = start(saga, state)
    sleeper = fork_worker(run_id, "worker-1", "stop", place, lease=1)
    os.waitpid(sleeper, os.WUNTRACED)
    second = wait(fork_worker(run_id, "worker-2", lease=1))
    before = describe(run_id)
    os.kill(sleeper, signal.SIGCONT)
    first = wait(sleeper)
    return {"first": first, "second": second, "before": before, **describe(run_id)}


def leavers(count: int) -> dict[str, Any]:
    """Run sagas that want to end their threads, and then one of the usual kind."""
    worker = Worker([SagaLoop("worker-1")])
    worker.start()
    runs = [start("Leaver", {}) for _ in range(count)] + [start("Journey", {})]
    deadline = time.monotonic() + LIMIT
    while describe(runs[-1])["status"] not in ENDED and time.monotonic() < deadline:
        time.sleep(0.02)
    busy = worker.stop(5)
    return {"ends": [describe(run)["status"] for run in runs], "busy": busy}


def crowd(slow: int) -> dict[str, Any]:
    """Run some slow sagas and then a quick one; what each is when the quick one has ended."""
    sagas.gate.clear()
    worker = Worker([SagaLoop("worker-1")])
    worker.start()
    slow_runs = [start("Slow", {}) for _ in range(slow)]
    quick = start("Journey", {})
    deadline = time.monotonic() + LIMIT
    while describe(quick)["status"] not in ENDED and time.monotonic() < deadline:
        time.sleep(0.02)
    answer = {
        "quick": describe(quick)["status"],
        "slow": [describe(r)["status"] for r in slow_runs],
    }
    sagas.gate.set()
    worker.stop(5)
    return answer


def forget(run_id: str) -> dict[str, Any]:
    """Age a run by a year and have a worker's housekeeping come at once."""
    housekeeping.FIRST = 0.0  # type: ignore[misc]
    aged = SagaRun.objects.filter(pk=run_id).update(finished_at=Now() - timedelta(days=365))
    SagaLoop("worker-1").work()
    return {"aged": aged, "left": SagaRun.objects.filter(pk=run_id).count()}


def begin(saga: str, state: dict[str, Any]) -> dict[str, Any]:
    """Start a run and leave it to others."""
    return {"id": start(saga, state)}


def look(run_id: str) -> dict[str, Any]:
    run = SagaRun.objects.get(pk=run_id)
    row = {"holder": run.holder, "attempts": run.attempts, "position": run.position}
    return {**row, **describe(run_id)}


COMMANDS = {
    "crash": crash,
    "sever": sever,
    "pause": pause,
    "crowd": crowd,
    "leavers": leavers,
    "forget": forget,
    "begin": begin,
    "look": look,
}


def main() -> None:
    telemetry.configure("sagas", "worker")
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = COMMANDS[order.pop("command")](**order)
        except Exception:  # noqa: BLE001 - the test shows it
            answer = {"error": traceback.format_exc()}
        connections.close_all()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
