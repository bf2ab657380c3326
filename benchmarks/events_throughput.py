"""Events from a committed publish to a committed effect, against task queues

Ours: one service publishes, another one writes one row for each event, each with its own database
and one worker process, NATS JetStream between them (`sync_interval: always`). The peers do the same
write as a task, in their recommended configuration: Celery with its default pool of one process a
core on Redis with an append-only file (flushed once a second, so less durable than the others),
procrastinate with as many tasks at a time as Ramet has threads, and django-tasks' database backend.
All databases are on one PostgreSQL server with fsync on.

For a rate, the workers are stopped, a few seconds' worth of work is published and committed, and
the clock runs from the moment they go on until the last effect is committed. Ratios are medians of
those within one round, so that what else the machine does slows all. A rate a processor second
counts workers, PostgreSQL and broker. A lone event is published to a system at rest; its clock runs
from the publisher's commit to the effect's. The million rows are made by SQL; "flat" compares what
is done of them in a few seconds with the same out of a small backlog. Takes about two minutes.
"""

import json
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks import events_systems as systems
from benchmarks.events_systems import System
from benchmarks.figures import Figure

FIGURES = (
    Figure("events_over_best_peer", "events a second / the best peer", "x", "at least", 1.5),
    Figure("lone_p50_ms", "a lone event, median", "ms", "at most", 15),
    Figure("lone_p99_ms", "a lone event, 99 of 100", "ms", "at most", 60),
    Figure("million_over_small", "events a second, a million waiting / few", "x", "at least", 0.9),
    Figure("relay_million_over_small", "the relay alone, a million waiting / few", "x"),
    Figure("events_per_second", "events", "/s"),
    Figure("per_processor_over_best_peer", "the same a processor second / the best peer", "x"),
    Figure("relay_per_second", "rows that the relay alone sends", "/s"),
)

ROUNDS = 3
SECONDS = 2.5  # for each system in each round, about
LONE = {"ramet": 200, "celery": 100, "procrastinate": 100, "django_tasks": 12}
MANY, FEW = 1_000_000, 40_000
WINDOW = 3.0  # seconds for which a backlog is worked off


def main() -> dict[str, Any]:
    """Start all, measure in turns, stop all; rates, latencies and the ratios of them."""
    folder = Path(tempfile.mkdtemp(prefix="ramet-bench-", dir="/tmp"))
    left_out = {each: why for each in systems.PEERS if (why := systems.missing(each))}
    try:
        with systems.postgres(folder) as server:
            with ExitStack() as stack:
                running = [stack.enter_context(systems.ramet(folder, server))]
                running += [
                    stack.enter_context(systems.peer(each, folder, server))
                    for each in systems.PEERS
                    if each not in left_out
                ]
                rounds = _rounds(running)
                lone = {each.name: sorted(each.ask("lone", LONE[each.name])) for each in running}
            backlogs = {}
            for name, rows in (("few", FEW), ("many", MANY)):
                with systems.ramet(folder, server, name) as ours:
                    backlogs[name] = _backlog(ours, rows)
    finally:
        shutil.rmtree(folder)
    few, many = backlogs["few"], backlogs["many"]
    per_second = _medians(rounds, "wall")
    waits = {name: _percentiles(each) for name, each in lone.items()}
    return {
        "note": _note(per_second, waits, left_out),
        "per_second": per_second,
        "per_processor_second": _medians(rounds, "processor"),
        "lone_ms": waits,
        "backlogs": backlogs,
        "left_out": left_out,
        "events_over_best_peer": _over_best(rounds, "wall"),
        "per_processor_over_best_peer": _over_best(rounds, "processor"),
        "events_per_second": per_second["ramet"],
        "lone_p50_ms": waits["ramet"]["p50"],
        "lone_p99_ms": waits["ramet"]["p99"],
        "relay_per_second": few["relay"],
        "million_over_small": round(many["effects"] / few["effects"], 2),
        "relay_million_over_small": round(many["relay"] / few["relay"], 2),
    }


Rates = dict[str, dict[str, float]]


def _rounds(running: list[System]) -> list[Rates]:
    """One round warms up and shows how much work is some seconds' worth."""
    worth = {each.name: 100 for each in running}
    rounds: list[Rates] = []
    for _ in range(ROUNDS + 1):
        rounds.append({})
        for each in running:
            rounds[-1][each.name] = rates = _rate(each, worth[each.name])
            worth[each.name] = max(50, round(rates["wall"] * SECONDS))
            _say(f"{each.name} {rates}")
    return rounds[1:]


def _rate(system: System, count: int) -> dict[str, float]:
    """Effects a second and a processor second."""
    system.clear()
    system.pause()
    system.ask("fill", count)
    spent, began = system.processor_seconds(), time.monotonic()
    system.resume()
    _until(system, count)
    seconds = time.monotonic() - began
    spent = system.processor_seconds() - spent
    return {"wall": round(count / seconds, 1), "processor": round(count / spent, 1)}


def _until(system: System, count: int) -> None:
    deadline = time.monotonic() + 30
    while (done := system.count()) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{system.name} did {done} of {count} in 30 s")
        time.sleep(0.02)


def _backlog(ours: System, rows: int) -> dict[str, float]:
    """What becomes of so many waiting rows: rows a second that the relay alone sends, effects a
    second when everybody works."""
    assert ours.outbox is not None
    ours.ask("fill", 200)  # connections, caches
    _until(ours, 200)
    ours.pause()
    _make(ours.outbox, rows)
    ours.resume(only=slice(1))
    relay = _window(lambda: -_waiting(ours))
    ours.resume(only=slice(1, None))
    effects = _window(ours.count)
    assert _waiting(ours) > 0, "the backlog was too small"
    return {"relay": relay, "effects": effects}


def _window(count: Any) -> float:
    """How much `count` grows in a second, over WINDOW seconds from its first growth on."""
    first = count()
    while (now := count()) == first:
        time.sleep(0.01)
    began, first = time.monotonic(), now
    time.sleep(WINDOW)
    return float(round((count() - first) / (time.monotonic() - began)))


def _waiting(ours: System) -> int:
    """Of rows that were made at once and go in order, the first tells; counting would take long."""
    assert ours.outbox is not None
    found = ours.outbox.execute(
        "SELECT (SELECT max(seq) FROM ramet_events_outbox)"
        " - (SELECT min(seq) FROM ramet_events_outbox)"
    ).fetchone()
    return int(found[0] or 0) if found else 0


def _make(outbox: psycopg.Connection[Any], rows: int) -> None:
    """What `publish` would have stored; the partition only has to be one."""
    outbox.execute(
        "INSERT INTO ramet_events_outbox"
        ' (event_id, type, version, "key", "partition", payload, headers)'
        " SELECT id, 'till.Sold.v1', 1, id::text, n %% 16,"
        ' \'{"sale":"\' || id || \'","amount":1,"watched":false}\', \'{}\''
        " FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, %s) AS n) AS made",
        [rows],
    )


def _over_best(rounds: list[Rates], kind: str) -> float:
    return round(
        median(
            each["ramet"][kind]
            / max(rates[kind] for name, rates in each.items() if name != "ramet")
            for each in rounds
        ),
        2,
    )


def _note(
    per_second: dict[str, int], waits: dict[str, dict[str, float]], left_out: dict[str, str]
) -> str:
    """The figures of all, and who is missing."""
    said = "; ".join(
        f"{name} {rate} a second, alone {waits[name]['p50']} ms ({waits[name]['p99']} ms)"
        for name, rate in per_second.items()
    )
    missing = "".join(f" Left out: {name}, {why}." for name, why in left_out.items())
    return f"Median and, in brackets, 99 of 100: {said}.{missing}"


def _medians(rounds: list[Rates], kind: str) -> dict[str, int]:
    return {name: round(median(each[name][kind] for each in rounds)) for name in rounds[0]}


def _percentiles(seconds: list[float]) -> dict[str, float]:
    return {
        f"p{percent}": round(
            seconds[min(len(seconds) - 1, len(seconds) * percent // 100)] * 1000, 1
        )
        for percent in (50, 99)
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
