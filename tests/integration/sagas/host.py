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
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import django

django.setup()

from django.db import Error, OperationalError, connection, connections, transaction  # noqa: E402
from django.db.models.functions import Now  # noqa: E402

from ramet import failpoints, telemetry  # noqa: E402
from ramet.events.worker import Worker  # noqa: E402
from ramet.sagas import claims, housekeeping  # noqa: E402
from ramet.sagas.engine import run_due, work  # noqa: E402
from ramet.sagas.loop import SagaLoop  # noqa: E402
from ramet.sagas.models import SagaRun  # noqa: E402
from tests.integration.sagas import idling, sagas  # noqa: E402
from tests.integration.sagas.models import Effect  # noqa: E402

ENDED = ("completed", "compensated", "stuck")
LIMIT = 20.0
POOL = ThreadPoolExecutor(4)


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


def errand() -> tuple[str, str]:
    """A run that waits for a word: its name and its id."""
    name = str(uuid4())
    run_id = start("Errand", {"name": name})
    run_due("host")
    assert SagaRun.objects.get(pk=run_id).wait == "open"
    return name, run_id


def bring(name: str) -> bool:
    with transaction.atomic():
        return sagas.Errand.reply(name, sagas.Errand.answered, sagas.Word(text="yes"))


def ripen(run_id: str, after: float) -> None:
    SagaRun.objects.filter(pk=run_id).update(run_at=Now() + timedelta(seconds=after))


def in_a_thread(deed: Callable[[], Any]) -> "Future[Any]":
    """Begin `deed` in a thread with a database connection of its own."""

    def run() -> Any:
        try:
            return deed()
        finally:
            connections.close_all()

    return POOL.submit(run)


def race(rounds: int) -> dict[str, Any]:
    """A reply and a worker come at the moment when the time is over; what each of them says."""
    results = []
    after = 0.05  # seconds; moved towards the moment at which the reply comes
    for _ in range(rounds):
        name, run_id = errand()
        line = threading.Barrier(3, timeout=LIMIT)

        def work(line: threading.Barrier = line, run_id: str = run_id) -> None:
            connection.ensure_connection()
            line.wait()
            deadline = time.monotonic() + LIMIT
            while describe(run_id)["status"] not in ENDED and time.monotonic() < deadline:
                run_due("host")

        def answer(line: threading.Barrier = line, name: str = name) -> bool:
            connection.ensure_connection()
            line.wait()
            return bring(name)

        working, answering = in_a_thread(work), in_a_thread(answer)
        ripen(run_id, after)
        line.wait()
        counted = answering.result(LIMIT)
        working.result(LIMIT)
        results.append([counted, describe(run_id)["effects"][1:]])
        after *= 0.6 if counted else 1.5
    return {"results": results}


def reply_first() -> dict[str, Any]:
    """A reply in time, whose transaction is still open when the time is over and a worker comes."""
    name, run_id = errand()
    ripen(run_id, 0.3)
    with transaction.atomic():
        counted = sagas.Errand.reply(name, sagas.Errand.answered, sagas.Word(text="yes"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.4)")  # the time itself
        taken = in_a_thread(lambda: run_due("host")).result(LIMIT)
    run_due("host")
    return {"counted": counted, "taken": taken, "effects": describe(run_id)["effects"][1:]}


def timer_first() -> dict[str, Any]:
    """A worker has taken the run whose time is over, and has not committed, when a reply comes."""
    name, run_id = errand()
    ripen(run_id, -1)
    with transaction.atomic():
        held = claims.claim("host")
        assert held is not None
        answering = in_a_thread(lambda: bring(name))
        deadline = time.monotonic() + LIMIT
        while not _somebody_waits_for_a_lock() and not answering.done():
            assert time.monotonic() < deadline
    work(held, keep=lambda: True)
    return {"counted": answering.result(LIMIT), "effects": describe(run_id)["effects"][1:]}


def reply_early() -> dict[str, Any]:
    """A reply whose transaction is still open when the wait for it begins."""
    name = str(uuid4())
    run_id = start("Errand", {"name": name})
    came, goes_on = threading.Event(), threading.Event()

    def reached(where: str) -> None:
        if where == "before-wait:answered":
            came.set()
            assert goes_on.wait(LIMIT)

    failpoints.on_reached = reached
    try:
        working = in_a_thread(lambda: run_due("host"))
        assert came.wait(LIMIT)
        with transaction.atomic():
            counted = sagas.Errand.reply(name, sagas.Errand.answered, sagas.Word(text="yes"))
            goes_on.set()
            deadline = time.monotonic() + LIMIT
            while not _somebody_waits_for_a_lock() and not working.done():
                assert time.monotonic() < deadline
        working.result(LIMIT)
    finally:
        failpoints.on_reached = None
    run_due("host")
    return {"counted": counted, "effects": describe(run_id)["effects"][1:]}


def _somebody_waits_for_a_lock() -> bool:
    with connections.create_connection("default").cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def die_waiting(place: str) -> dict[str, Any]:
    """Die at `place`; later workers begin the wait if need be, and get the reply."""
    name = str(uuid4())
    run_id = start("Errand", {"name": name})
    first = wait(fork_worker(run_id, "worker-1", "die", place))
    claims.release_all("worker-1")
    run_due("worker-1")
    waits = look(run_id)["wait"]
    counted = bring(name)
    run_due("worker-2")
    return {"first": first, "wait": waits, "counted": counted, **describe(run_id)}


def reply(saga: str, key: str, step: str) -> dict[str, Any]:
    with transaction.atomic():
        kind = getattr(sagas, saga)
        return {"counted": kind.reply(key, getattr(kind, step), sagas.Word(text="yes"))}


def begin(saga: str, state: dict[str, Any]) -> dict[str, Any]:
    """Start a run and leave it to others."""
    return {"id": start(saga, state)}


def idle_claim(waiting: int) -> dict[str, Any]:
    return idling.claim_while_others_wait(errand()[1], waiting)


def look(run_id: str) -> dict[str, Any]:
    run = SagaRun.objects.get(pk=run_id)
    row = {
        "wait": run.wait,
        "holder": run.holder,
        "attempts": run.attempts,
        "position": run.position,
    }
    return {**row, **describe(run_id)}


COMMANDS = {
    "crash": crash,
    "sever": sever,
    "pause": pause,
    "crowd": crowd,
    "leavers": leavers,
    "forget": forget,
    "race": race,
    "reply_first": reply_first,
    "timer_first": timer_first,
    "reply_early": reply_early,
    "die_waiting": die_waiting,
    "reply": reply,
    "begin": begin,
    "idle_claim": idle_claim,
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
