"""What the code that counts may rely on: it is exact, bounded, and never fails."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ramet.telemetry.metrics import Counter, Declaration, Histogram, cells, instruments
from ramet.telemetry.metrics.prometheus import own_series

HITS = Counter("test.hits", "Hits.", attributes=("route",))
TOOK = Histogram("test.hit.duration", "How long.", bounds=(0.1, 1.0))


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    instruments.use_folder(None, "test")
    yield
    instruments.use_folder(None, "test")


def of(instrument: Counter | Histogram) -> dict[tuple[str, ...], list[float]]:
    return {
        each.values: each.numbers
        for each in own_series()
        if each.declaration == instrument.declaration
    }


def test_threads_that_count_at_the_same_time_lose_nothing() -> None:
    def count() -> None:
        for _ in range(20_000):
            HITS.add(1, "/")
            TOOK.record(0.5)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert of(HITS) == {("/",): [80_000]}
    assert of(TOOK)[()][:4] == [40_000.0, 0, 80_000, 0]


def test_beyond_the_limit_everything_new_is_counted_as_other() -> None:
    with capture_logs() as lines:
        for number in range(instruments.MOST_SERIES + 50):
            HITS.add(1, f"/{number}")
    found = of(HITS)
    assert len(found) == instruments.MOST_SERIES
    assert found["other",] == [51]
    assert [line["event"] for line in lines] == ["metrics.too_many_series"]


def test_without_room_work_goes_on_and_nothing_else_is_spoilt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cells, "SIZE", 8 * (cells.SPARE + 2))
    HITS.add(1, "/a")
    HITS.add(1, "/b")
    HITS.add(5, "/c")
    assert of(HITS) == {("/a",): [1], ("/b",): [1]}


def test_a_folder_that_cannot_be_had_is_told_and_the_process_counts_for_itself(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    instruments.use_folder(tmp_path / "file" / "folder", "test")
    with capture_logs() as lines:
        HITS.add(1, "/")
    assert of(HITS) == {("/",): [1]}
    assert [line["event"] for line in lines] == ["metrics.not_shared"]


@pytest.mark.parametrize("problem", ["limit", "folder"])
def test_whoever_takes_a_log_line_may_count_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    class Log:
        counted = False

        def warning(self, *_: object, **__: object) -> None:
            # In another thread, as one that holds the log's own lock and waits for ours.
            thread = threading.Thread(target=HITS.add, args=(1, "/log"), daemon=True)
            thread.start()
            thread.join(5)
            self.counted = not thread.is_alive()

    told = Log()
    monkeypatch.setattr(instruments, "log", told)
    if problem == "limit":
        monkeypatch.setattr(instruments, "_told", set())
        HITS.add(1, "/log")
        monkeypatch.setattr(instruments, "MOST_SERIES", 1)
    else:
        (tmp_path / "file").touch()
        instruments.use_folder(tmp_path / "file" / "folder", "test")
    HITS.add(1, "/")
    assert told.counted


def test_threads_that_come_first_together_count_in_one_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = instruments.Cells
    both = threading.Barrier(2, timeout=30)

    def slowly(*given: object) -> cells.Cells:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # the other one comes meanwhile
        return made(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(instruments, "Cells", slowly)
    found: list[cells.Cells] = []
    threads = [
        threading.Thread(target=lambda: found.append(instruments.own_cells())) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] is found[1]


def test_the_slowest_keeps_its_trace() -> None:
    traces = iter(["aa" * 16, "bb" * 16, "cc" * 16])
    instruments.use_traces(lambda _: next(traces))
    try:
        TOOK.record(0.2)
        TOOK.record(0.5)
        TOOK.record(0.3)  # not the slowest, so nobody asks for its trace
    finally:
        instruments.use_traces(lambda _: None)
    (series,) = (each for each in own_series() if each.declaration == TOOK.declaration)
    assert series.exemplar == "bb" * 16
    assert next(traces) == "cc" * 16


def test_two_metrics_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"two metrics are called test\.hits"):
        Counter("test.hits", "Others.")


def test_values_for_other_attributes_are_refused() -> None:
    with pytest.raises(TypeError, match="has the attributes"):
        HITS.add(1, "/", "GET")


@pytest.mark.parametrize(
    ("declaration", "samples"),
    [
        (Declaration("a.b.c", "counter", ""), ("a_b_c_total",)),
        (Declaration("a.b", "gauge", "", unit="s"), ("a_b_seconds",)),
        (
            Declaration("a.duration", "histogram", "", unit="s"),
            ("a_duration_seconds_bucket", "a_duration_seconds_count", "a_duration_seconds_sum"),
        ),
    ],
)
def test_names_follow_opentelemetrys_rules(
    declaration: Declaration, samples: tuple[str, ...]
) -> None:
    assert declaration.samples == samples
