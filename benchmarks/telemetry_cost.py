"""What telemetry costs: a DRF view, and a call between two services, with all of it and without.

The views answer 20 rows, and one row, of a database in memory, by Django's own handler; the call
goes over the mesh with mutual TLS. Off is without a collector, and metrics are not even counted. On
is all of it: every request and call begins a trace, of which so many are kept, and encoding and
sending are within what is measured. The stock way is OpenTelemetry's SDK with its instrumentation
of Django, of the same view, with everything kept, and without SQL. Ratios of processor time of all
processes that take part but the collector, the median of interleaved rounds over five starts
of everything. All are pinned to one core together: else the same call differs by a tenth, by the
cores that the kernel wakes its processes on. Takes about six minutes.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.calls_remote import PROJECT, environment_of, granian, mesh, processor_seconds
from benchmarks.figures import Figure

FIGURES = (
    Figure("view_at_10_percent", "a view of 20 rows, 10% sampled / off", "x", "at most", 1.10),
    Figure("view_at_100_percent", "a view of 20 rows, 100% sampled / off", "x", "at most", 1.25),
    Figure("call_at_10_percent", "a call over the mesh, 10% sampled / off", "x", "at most", 1.10),
    Figure("call_at_100_percent", "a call over the mesh, 100% sampled / off", "x", "at most", 1.25),
    Figure("small_view_at_10_percent", "a view of one row, 10% sampled / off", "x"),
    Figure("small_view_at_100_percent", "a view of one row, 100% sampled / off", "x"),
    Figure("stock_at_100_percent", "a view of 20 rows, the stock way at 100% / off", "x"),
    Figure("stock_small_at_100_percent", "a view of one row, the stock way at 100% / off", "x"),
)

STARTS = 5
"""Times that everything is started: two processes of the same program differ by some 5%."""
ROUNDS = 5
VIEWS, SMALL_VIEWS, CALLS = 200, 400, 400  # of each way in each round
SETTLING = 1.2
"""Seconds after which a process has sent the spans of a round."""
MODES = {"off": None, "10": "0.1", "100": "1", "stock": "1"}


def main() -> dict[str, Any]:
    """Start everything, measure in turns, stop everything; ratios."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})  # children inherit it
    try:
        rounds = _rounds()
    finally:
        os.sched_setaffinity(0, cores)

    def ratio(what: str, mode: str) -> float:
        return round(median(each[what][mode] / each[what]["off"] for each in rounds), 3)

    return {
        "view_at_10_percent": ratio("rows", "10"),
        "view_at_100_percent": ratio("rows", "100"),
        "call_at_10_percent": ratio("call", "10"),
        "call_at_100_percent": ratio("call", "100"),
        "small_view_at_10_percent": ratio("row", "10"),
        "small_view_at_100_percent": ratio("row", "100"),
        "stock_at_100_percent": ratio("rows", "stock"),
        "stock_small_at_100_percent": ratio("row", "stock"),
        "microseconds": {
            what: {
                mode: round(median(each[what][mode] for each in rounds) * 1e6)
                for mode in rounds[0][what]
            }
            for what in rounds[0]
        },
    }


def _rounds() -> list[dict[str, dict[str, float]]]:
    rounds: list[dict[str, dict[str, float]]] = []
    for _ in range(STARTS):
        with ExitStack() as stack:
            url = stack.enter_context(_collector())
            ways = {
                mode: stack.enter_context(_way(mode, None if sample is None else url, sample))
                for mode, sample in MODES.items()
            }
            rounds += [_round(ways) for _ in range(ROUNDS + 1)][1:]  # the first one warms up
    return rounds


@dataclass
class Way:
    """A caller, driven by lines, and the servers that it calls; their process ids."""

    caller: subprocess.Popen[str]
    pids: tuple[int, ...]

    def spend(self, what: str, times: int) -> float:
        """Processor seconds of one of `times`, all processes together."""
        before = processor_seconds(self.pids)
        self.ask(f"{what} {times}")
        time.sleep(SETTLING if what == "call" else 0)
        return (processor_seconds(self.pids) - before) / times

    def ask(self, line: str) -> str:
        assert self.caller.stdin is not None
        assert self.caller.stdout is not None
        print(line, file=self.caller.stdin, flush=True)
        return self.caller.stdout.readline()


def _round(ways: dict[str, Way]) -> dict[str, dict[str, float]]:
    return {
        "rows": {mode: way.spend("rows", VIEWS) for mode, way in ways.items()},
        "row": {mode: way.spend("row", SMALL_VIEWS) for mode, way in ways.items()},
        "call": {mode: way.spend("call", CALLS) for mode, way in ways.items() if mode != "stock"},
    }


@contextmanager
def _way(mode: str, url: str | None, sample: str | None) -> Iterator[Way]:
    folder = Path(tempfile.mkdtemp(prefix="ramet-bench-"))
    on = {"BENCH_OFF": "1"}
    if mode == "stock":
        on["BENCH_STOCK"] = url or ""
    elif url is not None:
        on = {"RAMET_TELEMETRY_URL": url, "BENCH_SAMPLE": sample or "1"}
    try:
        with ExitStack() as stack:
            envoy = stack.enter_context(mesh(folder, telemetry=url if mode != "stock" else None))
            server = stack.enter_context(granian(folder, on))
            caller = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.telemetry_cost", "caller"],
                cwd=PROJECT.parent.parent,
                env=environment_of(folder, "checkout") | on,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(caller.wait, 10)
            stack.callback(caller.kill)
            yield Way(caller, (caller.pid, envoy, server))
    finally:
        shutil.rmtree(folder)


@contextmanager
def _collector() -> Iterator[str]:
    """Takes everything, and looks at nothing."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            if self.headers.get("transfer-encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    self.rfile.read(size + 2)
                self.rfile.readline()
            else:
                self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


# -- The caller: a process of the service checkout ------------------------------------------------


def caller() -> None:
    """Do what each line says, so many times, and have its spans sent."""
    import django

    django.setup()
    if os.environ.get("BENCH_STOCK"):
        _set_up_stock(os.environ["BENCH_STOCK"])
    from catalogue.contract import Catalogue
    from django.core.management import call_command

    import ramet

    call_command("migrate", verbosity=0)
    ways: dict[str, Callable[[], object]] = {
        "rows": _request("/rows/"),
        "row": _request("/rows/3/"),
        "call": lambda: ramet.client(Catalogue).get("SPADE"),
    }
    flush = _flush()
    for line in sys.stdin:
        what, times = line.split()
        way = ways[what]
        for _ in range(int(times)):
            way()
        flush()
        print("done", flush=True)


def _request(path: str) -> Callable[[], object]:
    from io import BytesIO

    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()

    def ask() -> object:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(b""),
            "wsgi.errors": sys.stderr,
        }
        answer = application(environ, _started)
        body = b"".join(answer)
        answer.close()  # type: ignore[attr-defined]
        return body

    return ask


def _started(status: str, headers: object) -> None:
    assert status == "200 OK", status


def _flush() -> Callable[[], object]:
    if os.environ.get("BENCH_STOCK"):
        from opentelemetry import trace

        return trace.get_tracer_provider().force_flush  # type: ignore[attr-defined,no-any-return]
    from ramet.telemetry import exporting

    return lambda: exporting.flush(10)


def _set_up_stock(url: str) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument()


if __name__ == "__main__":
    if sys.argv[1:] == ["caller"]:
        caller()
    else:
        print(json.dumps(main(), indent=2))
