"""How long `ramet assess` takes, what it remembers, and how much memory it needs.

A project of 100,000 lines for speed and one of 500,000 for memory, both copies of Django packages
and of examples/monolith, each copy with names of its own. The command is run as a user runs it,
with a report and JSON, from the first import to the last byte. Speed is in seconds of processor
time, all its processes together, on one core and with an empty cache; second runs follow after a
function's body was changed, after a change there that is to be told, and after a model got a field,
each with what the first run has kept. Memory is the proportional set size of all its processes,
looked at 20 times a second.

Against what sees less: `ast.parse` alone, which any reader of source must spend, libcst's parser
alone (on a tenth), and grimp, the engine of import-linter, which finds imports, in Rust. Takes
about three minutes.
"""

import ast
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import libcst
import psutil

from benchmarks.assess_corpus import EXAMPLES, build, python_files
from benchmarks.figures import Figure

FIGURES = (
    Figure("lines", "all in all, lines a second on one core", "", "at least", 25_000),
    Figure(
        "changed",
        "after a change in one function's body that tells nothing new, share of the first run",
        "",
        "at most",
        0.1,
    ),
    Figure(
        "told",
        "after one that shifts lines and writes another model, which the report tells, share of "
        "the first run",
        "",
        "at most",
        0.1,
    ),
    Figure("memory", "at 500,000 lines, all processes together", "MB", "at most", 1_000),
    Figure(
        "field",
        "after a model got a field, which all files may see, share of the first run",
        "",
        "at most",
        0.1,
    ),
    Figure("unchanged", "nothing changed, share of the first run", ""),
    Figure("start", "of each run: Python, imports, and a project of one file", "s"),
    Figure("cores", "two cores against one, by the clock", "x"),
    Figure("large_seconds", "500,000 lines on all cores, by the clock", "s"),
    Figure("parse", "`ast.parse` of the same files, lines a second", ""),
    Figure("libcst", "libcst's `parse_module`, lines a second", ""),
    Figure("grimp", "grimp's graph of the same packages' imports, lines a second", ""),
)

RAMET = [sys.executable, "-c", "import sys; from ramet.cli import main; sys.exit(main())"]
# Byte code is there from the second run on, as with anybody.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
SMALL, LARGE = 100_000, 500_000
ROUNDS = 5
"""Times that each run is made, of which the quickest counts: a machine is not equally quick all the
time, so in each round there is one of each kind."""
LOOKS = 0.05
"""Seconds between two looks at the memory."""

GRIMP = """
import os, sys, time, grimp
sys.path.insert(0, ".")
packages = sorted(p for p in os.listdir() if os.path.isfile(os.path.join(p, "__init__.py")))
began = time.process_time()
grimp.build_graph(*packages, cache_dir=None)
print(time.process_time() - began)
"""


# What a view does instead of emptying a basket.
WRITE = "request.basket.clear()\n            Product.objects.filter(pk=1).update(name='')"
# A line of a model, and the field that it gets.
FIELD = "    notes = GenericRelation(Note)\n"
MORE = "    packed_by = models.ForeignKey(Address, models.PROTECT)\n"


class Run(NamedTuple):
    """One run: seconds of all its processes and of the clock, most bytes, models and edges."""

    processor: float
    clock: float
    memory: int
    found: str


def main() -> dict[str, Any]:
    """Measure; shares are of processor time."""
    cores = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="ramet-bench-") as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        small_lines, large_lines = build(small, SMALL), build(large, LARGE)
        start = min(_assess(EXAMPLES / "outbox_alone", Path(folder, "tiny")) for _ in range(3))
        both = min(_assess(small, Path(folder, f"both-{n}")).clock for n in range(ROUNDS))
        first = _assess(large, Path(folder, "cache-of-large"))
        os.sched_setaffinity(0, {min(cores)})
        try:
            peers = _peers(small, small_lines)
            measured = _one_core(small, small_lines, both)
        finally:
            os.sched_setaffinity(0, cores)
    return {
        **measured,
        **peers,
        "start": round(start.processor, 2),
        "large_seconds": round(first.clock, 1),
        "memory": round(first.memory / 1e6),
        "note": f"{small_lines:,} and {large_lines:,} lines; in the latter {first.found}.",
    }


def _one_core(root: Path, lines: int, both: float) -> dict[str, Any]:
    views, call = root / "storefront_0/views.py", "request.basket.clear()"
    models = root / "orders_0/models.py"
    edits = {
        "changed": (views, call, "request.basket.set(1, 0)"),
        "told": (views, call, WRITE),
        "field": (models, FIELD, FIELD + MORE),
    }
    firsts: list[Run] = []
    seconds: dict[str, list[Run]] = {"unchanged": [], **{name: [] for name in edits}}
    for number in range(ROUNDS):
        cache = root.parent / "cache" / str(number)
        firsts.append(_assess(root, cache))
        seconds["unchanged"].append(_assess(root, cache))
        for name, edit in edits.items():
            seconds[name].append(_after(root, cache, *edit))
    first = min(firsts)
    return {
        "lines": round(lines / first.processor),
        "cores": round(min(run.clock for run in firsts) / both, 2),
        **{name: round(min(runs).processor / first.processor, 3) for name, runs in seconds.items()},
    }


def _assess(root: Path, cache: Path) -> Run:
    """Run the command, and look at it until it ends."""
    cache.mkdir(parents=True, exist_ok=True)
    report = cache / "report"
    command = [
        *RAMET,
        "assess",
        str(root),
        "--report",
        f"{report}.html",
        "--json",
        f"{report}.json",
    ]
    before = _processor()
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=ENVIRONMENT | {"XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    memory = 0
    while process.poll() is None:
        memory = max(memory, _memory(process.pid))
        time.sleep(LOOKS)
    clock = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"ramet assess ended with {process.returncode}")
    found = json.loads(Path(f"{report}.json").read_bytes())
    told = f"{len(found['models']):,} models, {len(found['edges']):,} edges"
    return Run(_processor() - before, clock, memory, told)


def _after(root: Path, cache: Path, path: Path, old: str, new: str) -> Run:
    """A run after a change, with a copy of what was kept."""
    text, state = path.read_text(), path.stat()
    if old not in text:
        raise RuntimeError(f"{path.name} has no {old!r}")
    copy = cache.with_name("copy")
    try:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(cache, copy)
        path.write_text(text.replace(old, new, 1))
        return _assess(root, copy)
    finally:
        path.write_text(text)
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def _processor() -> float:
    """Seconds of all processes that were begun here and have ended, with their own."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(pid: int) -> int:
    """Bytes of a process and all those that it began; what they share is counted once."""
    total = 0
    try:
        first = psutil.Process(pid)
        for process in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().pss
    except psutil.Error:
        pass
    return total


def _peers(root: Path, lines: int) -> dict[str, Any]:
    contents = [path.read_bytes() for path in python_files(root)]
    tenth = contents[::10]
    return {
        "parse": round(lines / _seconds(ast.parse, contents)),
        "libcst": round(
            sum(each.count(b"\n") for each in tenth) / _seconds(libcst.parse_module, tenth)
        ),
        "grimp": round(lines / _grimp(root)),
    }


def _seconds(parse: Callable[[bytes], object], contents: list[bytes]) -> float:
    began = time.process_time()
    for content in contents:
        parse(content)
    return time.process_time() - began


def _grimp(root: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", GRIMP], cwd=root, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
