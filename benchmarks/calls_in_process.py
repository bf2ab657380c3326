"""What a call costs more than a function call, in process: arguments and result copied.

The overhead is the time of `ramet.client(Catalogue).get(...)` less that of the implementation's own
method. It contains encoding, decoding and checking of arguments and of a nested result, the
deadline, the rule about transactions and the caller's identity. Takes about 5 s.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

FIGURES = (
    Figure("overhead_microseconds", "a call in process, less the method", "us", "at most", 20),
)

PROJECT = Path(__file__).resolve().parent / "calls_project"
ROUNDS = 15
CALLS = 4000


def main() -> dict[str, Any]:
    """Measure in a process that is the monolith; microseconds of processor time."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench_settings",
        "PYTHONPATH": str(PROJECT),
        "RAMET_TOML": str(PROJECT / "ramet.toml"),
        "RAMET_SERVICES": "",
    }
    measured = subprocess.run(
        [sys.executable, "-m", "benchmarks.calls_in_process", "caller"],
        cwd=PROJECT.parent.parent,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        timeout=60,
    )
    times: dict[str, float] = json.loads(measured.stdout)
    return {
        "microseconds": {name: round(each, 1) for name, each in times.items()},
        "overhead_microseconds": round(times["call"] - times["method"], 1),
        "target": "overhead_microseconds < 20",
    }


def caller() -> None:
    """Print the best round of each way: what is slower was something else on the machine."""
    import django

    django.setup()
    from catalogue.contract import Catalogue
    from catalogue.services import Shelf
    from django.db import connection

    import ramet

    connection.ensure_connection()  # the rule about transactions looks at open ones
    assert ramet.client(Catalogue).get("SPADE") == Shelf().get("SPADE")
    ways: dict[str, Callable[[], object]] = {
        "method": lambda: Shelf().get("SPADE"),
        "call": lambda: ramet.client(Catalogue).get("SPADE"),
    }
    best = {name: min(_microseconds(way) for _ in range(ROUNDS)) for name, way in ways.items()}
    json.dump(best, sys.stdout)


def _microseconds(way: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(CALLS):
        way()
    return (time.process_time() - started) / CALLS * 1e6


if __name__ == "__main__":
    if sys.argv[1:] == ["caller"]:
        caller()
    else:
        print(json.dumps(main(), indent=2))
