"""What is kept, for how long, and what happens where it cannot be."""

import logging
import sqlite3
import subprocess
import sys
import textwrap
import time

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.dashboard.store import Batch, Full, Limits, Store
from tests.unit.tools.dashboard.telemetry import MINUTE, log, point, span, write


def losses(store):
    return {(loss.signal, loss.reason): loss.count for loss in store.kept().losses}


def test_history_survives_a_restart(path):
    store = Store.open(path)
    one = span()
    write(store, one, log("hello"), point(one.start))
    store.add(Batch(losses={("traces", "zero-id"): 3}))
    store.close()
    again = Store.open(path)
    kept = again.kept()
    assert (kept.spans, kept.traces, kept.logs, kept.points) == (1, 1, 1, 1)
    assert losses(again) == {("traces", "zero-id"): 3}
    assert again.trace(one.trace_id.hex()).spans[0].operation == one.name
    assert again.operations(one.start, one.start + 1)[0].calls == 1
    write(again, span(parent=one), log("again"), point(one.start + 1))
    assert again.kept().spans == 2
    assert len(again.trace(one.trace_id.hex()).spans) == 2
    again.close()


def test_a_file_that_another_process_has_open_is_refused_by_its_name(path):
    program = """
        import pathlib, sys
        from ramet.tools.dashboard.store import Store
        store = Store.open(pathlib.Path(sys.argv[1]))
        print("open", flush=True)
        sys.stdin.read()
    """
    first = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert first.stdout.readline() == b"open\n"
        with pytest.raises(DiagnosticError, match="telemetry-file-in-use") as refused:
            Store.open(path)
        assert f"process {first.pid}: " in str(refused.value)
    finally:
        first.kill()  # the lock ends with its process, however that ends
        first.communicate()
    store = Store.open(path)
    with pytest.raises(DiagnosticError, match="telemetry-file-in-use"):
        Store.open(path)
    store.close()
    Store.open(path).close()


def test_the_oldest_traces_go_first_and_as_a_whole(path):
    store = Store.open(path, Limits(spans=100))
    roots = [span(name=str(number)) for number in range(30)]
    for root in roots:
        write(store, root, *(span(parent=root) for _ in range(9)))
    kept = store.kept()
    assert 90 <= kept.spans <= 100
    rows = store.traces()
    assert {row.spans for row in rows} == {10}
    assert {row.operation for row in rows} == {str(n) for n in range(30 - len(rows), 30)}
    assert kept.oldest_span == roots[30 - len(rows)].start
    assert losses(store) == {("traces", "oldest-dropped"): 300 - kept.spans}
    # The figures by minute outlive the spans.
    assert sum(row.calls for row in store.operations(roots[0].start, time.time_ns())) == 30
    store.close()


def test_logs_and_points_are_bounded_too(path):
    store = Store.open(path, Limits(logs=50, points=50))
    now = time.time_ns()
    for number in range(100):
        write(store, log(str(number)), point(now + number, value=number))
    kept = store.kept()
    assert 45 <= kept.logs <= 50
    assert 45 <= kept.points <= 50
    assert store.logs()[0].text == "99"
    assert kept.oldest_point == now + 100 - kept.points
    counted = losses(store)
    assert counted["logs", "oldest-dropped"] == 100 - kept.logs
    assert counted["metrics", "oldest-dropped"] == 100 - kept.points
    store.close()


def test_the_file_is_bounded_by_its_size(path):
    limit = 2_000_000
    store = Store.open(path, Limits(bytes=limit))
    for _ in range(60):
        write(store, *(span(attributes={"text": "x" * 1_000}) for _ in range(100)))
    kept = store.kept()
    assert kept.bytes < limit * 1.3
    assert 0 < kept.spans < 6_000
    assert losses(store)["traces", "oldest-dropped"] == 6_000 - kept.spans
    store.close()


def test_figures_by_minute_are_dropped_when_they_are_old(path):
    store = Store.open(path, Limits(minutes=5))
    old = span(start=time.time_ns() - 10 * MINUTE)
    write(store, old)
    store.close()
    store = Store.open(path, Limits(minutes=5))
    write(store, span())
    assert store.operations(old.start, old.start + 1) == []
    assert len(store.operations(old.start, time.time_ns())) == 1
    store.close()


def test_series_and_resources_without_use_are_forgotten(path):
    store = Store.open(path, Limits(points=10))
    now = time.time_ns()
    for number in range(20):
        write(store, point(now + number, labels={"n": str(number)}, resource=f'{{"n":{number}}}'))
    store.close()
    store = Store.open(path, Limits(points=10))
    with sqlite3.connect(path) as connection:
        series = connection.execute("SELECT count(*) FROM series").fetchone()[0]
        resources = connection.execute("SELECT count(*) FROM resources").fetchone()[0]
    assert series == resources == store.kept().points <= 10
    store.close()


def test_what_comes_faster_than_it_is_written_is_refused(path):
    store = Store.open(path, Limits(waiting=10))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")  # the writer waits for it
        store.add(Batch(spans=[span() for _ in range(11)]))  # one alone is taken, however large

        with pytest.raises(Full) as full:
            store.add(Batch(spans=[span() for _ in range(10)]))
        assert full.value.retry_after == 1
        assert store.kept().waiting >= 10
        other.execute("ROLLBACK")
    assert store.flush()
    assert store.kept().waiting == 0
    write(store, span())
    store.close()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"this is not a database, but long enough to look at" * 100, "broken"),
        (b"SQLite format 3\x00" + bytes(5_000), "broken"),
    ],
)
def test_a_broken_file_is_set_aside(path, caplog, content, reason):
    path.parent.mkdir()
    path.write_bytes(content)
    path.with_name(path.name + "-wal").write_bytes(b"of the broken one")
    with caplog.at_level(logging.WARNING):
        store = Store.open(path)
    write(store, span())
    assert store.kept().spans == 1
    store.close()
    assert path.with_name(path.name + ".set-aside").read_bytes() == content
    assert reason in caplog.text
    assert "set-aside" in caplog.text


def test_a_file_that_was_damaged_in_the_middle_is_set_aside(path, caplog):
    store = Store.open(path)
    write(store, *(span(attributes={"text": "x" * 500}) for _ in range(2_000)))
    store.close()
    content = bytearray(path.read_bytes())
    content[50_000:150_000] = b"?" * 100_000
    path.write_bytes(content)
    store = Store.open(path)
    assert store.kept().spans == 0
    store.close()
    assert "broken" in caplog.text


def test_a_file_of_another_version_or_of_another_program_is_set_aside(path, caplog):
    Store.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    Store.open(path).close()
    assert "tables of version 0" in caplog.text
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (id INTEGER)")
    Store.open(path).close()
    assert "no telemetry of Ramet" in caplog.text
    with sqlite3.connect(path.with_name(path.name + ".set-aside")) as connection:
        assert connection.execute("SELECT count(*) FROM precious").fetchone() == (0,)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DiagnosticError, match="telemetry-file-not-writable"):
        Store.open(tmp_path / "file" / "telemetry.db")


FULL_DISK = """
    import resource, sys, time
    from pathlib import Path
    from ramet.tools.dashboard.store import Batch, Store
    from tests.unit.tools.dashboard.telemetry import span, write

    store = Store.open(Path(sys.argv[1]))
    write(store, span(name="before"))

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    limit(300_000)
    for _ in range(20):
        store.add(Batch(spans=[span(attributes={"text": "x" * 500}) for _ in range(100)]))
        store.flush()
    kept = store.kept()
    print(kept.trouble is not None, kept.spans < 2_001, len(store.traces()) > 0)
    print(sorted({loss.reason for loss in kept.losses}))
    print(sum(loss.count for loss in kept.losses) + kept.spans)
    limit(resource.RLIM_INFINITY)
    write(store, span(name="after"))
    kept = store.kept()
    print(kept.trouble, store.traces()[0].operation)
    store.close()
    print(sum(loss.count for loss in Store.open(Path(sys.argv[1])).kept().losses) + kept.spans)
"""


def test_a_full_disk_loses_what_comes_meanwhile_and_counts_it(path):
    """A file size limit of the process, which the kernel refuses as it would a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), path],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr.count("Telemetry cannot be written") == 1, done.stderr
    first, reasons, counted, after, saved = done.stdout.splitlines()
    assert first == "True True True"
    assert reasons in ("['disk-full']", "['not-writable']")
    assert counted == "2001"
    assert after == "None after"
    assert saved == "2002"


def test_a_batch_that_the_database_refuses_takes_no_other_with_it(store, caplog):
    with sqlite3.connect(store._path) as other:
        other.execute("BEGIN IMMEDIATE")
        store.add(Batch(spans=[span()]))  # holds the writer, so that the next two come together
        bad = span(duration=2**70, resource={"of": "the bad one"})
        store.add(Batch(spans=[bad]))
        store.add(Batch(logs=[log("good")]))
        other.rollback()
    assert store.flush()
    assert store.logs()[0].text == "good"
    assert losses(store) == {("traces", "not-storable"): 1}
    assert "OverflowError" in caplog.text
    # What was remembered within the transaction that was rolled back is not relied on.
    write(store, bad._replace(duration=1))
    assert store.kept().spans == 2
    assert store.trace(bad.trace_id.hex()).spans[0].resource == {"of": "the bad one"}


def test_a_file_that_is_removed_or_broken_meanwhile_is_told_and_no_error(store, path):
    write(store, span())
    content = path.read_bytes()
    path.write_bytes(b"\0" * len(content))
    for journal in ("-wal", "-shm"):
        path.with_name(path.name + journal).unlink(missing_ok=True)
    kept = store.kept()
    assert kept.trouble
    assert (kept.spans, kept.oldest_span) == (1, None)
    path.unlink()
    assert store.kept().trouble
