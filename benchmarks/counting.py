"""What it costs to count: a duration with four labels, in numbers that several processes share.

Against prometheus_client in its multiprocess mode, which does the same: memory-mapped files, one
for each process and kind. Both are asked as code asks them, labels included, in one thread; the
scrape is the text of one process's 200 series. Takes about 10 s.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure

FIGURES = (
    Figure(
        "duration_ratio", "a duration with four labels / prometheus_client's", "x", "at most", 0.5
    ),
    Figure("duration_us", "a duration with four labels", "us"),
    Figure("counter_us", "a counter with one label", "us"),
    Figure("scrape_ms", "a scrape of 200 histograms", "ms"),
)

ROUNDS, TIMES = 15, 20_000
LABELS = ("orders", "products", "shop.products.v1.Products/reserve", "ok")


def main() -> dict[str, Any]:
    """Measure in turns; the median of the rounds."""
    with tempfile.TemporaryDirectory() as theirs, tempfile.TemporaryDirectory() as ours:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = theirs  # read when the library is imported
        from prometheus_client import Histogram as TheirHistogram

        from ramet.telemetry.metrics import SECONDS, Counter, Histogram, instruments
        from ramet.telemetry.metrics.prometheus import exposition

        instruments.use_folder(Path(ours), "bench")
        duration = Histogram("bench.duration", "", attributes=("a", "b", "c", "d"))
        counter = Counter("bench.count", "", attributes=("a",))
        labels = ["a", "b", "c", "d"]
        their_duration = TheirHistogram("theirs", "", labels, buckets=SECONDS)
        ways: dict[str, Callable[[], object]] = {
            "duration": lambda: duration.record(0.003, *LABELS),
            "counter": lambda: counter.add(1, "orders"),
            "theirs": lambda: their_duration.labels(*LABELS).observe(0.003),
        }
        rounds = [{name: _seconds(way) for name, way in ways.items()} for _ in range(ROUNDS)]
        for number in range(199):
            duration.record(0.003, str(number), *LABELS[1:])
        scrapes = [_once(exposition) for _ in range(ROUNDS)]

    def micros(name: str) -> float:
        return round(median(each[name] for each in rounds) * 1e6, 2)

    return {
        "duration_ratio": round(median(each["duration"] / each["theirs"] for each in rounds), 2),
        "duration_us": micros("duration"),
        "counter_us": micros("counter"),
        "scrape_ms": round(median(scrapes) * 1e3, 1),
    }


def _seconds(way: Callable[[], object]) -> float:
    """Of one, without the loop around it."""
    began = time.process_time()
    for _ in range(TIMES):
        way()
    worked = time.process_time() - began
    began = time.process_time()
    for _ in range(TIMES):
        pass
    return (worked - (time.process_time() - began)) / TIMES


def _once(way: Callable[[], object]) -> float:
    began = time.process_time()
    way()
    return time.process_time() - began
