"""How soon each page of the dashboard answers, with 100,000 spans and logs.

The telemetry is that of `benchmarks.dashboard_ingest`, with a tenth of the purchases failed, a line
of log in each service, and repeated calls enough that there is advice to give. Asked is the ASGI
application itself, access checks and rendering included: every page, every filter of every page,
a filter that finds nothing, and each window of time. A figure is the processor time that the server
spends from the request to the last byte, which on a quiet machine is that of the clock: the median
of five, the first of which is left out because it reads templates. Takes about 40 s.
"""

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from starlette.applications import Starlette

from benchmarks.dashboard_ingest import SPANS, requests
from benchmarks.figures import Figure
from ramet.tools.dashboard.access import cookie_name, cookie_value
from ramet.tools.dashboard.advice import lately
from ramet.tools.dashboard.application import make_application
from ramet.tools.dashboard.otlp.decoding import PROTOBUF, decode
from ramet.tools.dashboard.otlp.signals import TRACES
from ramet.tools.dashboard.settings import Settings
from ramet.tools.dashboard.store import Batch, Full, Limits, LogRecord, Store, TraceSearch

FIGURES = (
    Figure("slowest", "the slowest page with 100,000 spans", "ms", "at most", 200),
    Figure("advice", "advice, read anew", "ms", "at most", 200),
    Figure("search", "traces by an attribute that none has", "ms", "at most", 200),
    Figure("median", "half of all pages and filters, within", "ms"),
)

ROUNDS = 5
TOKEN = "only-for-benchmarks-nobody-else"


def main() -> dict[str, Any]:
    """Fill a store, ask for every page, and say which take the longest."""
    folder = Path(tempfile.mkdtemp(prefix="ramet-bench-"))
    lately.FRESH = 0.0  # each time anew
    try:
        store = Store.open(folder / "telemetry.sqlite3", Limits(spans=SPANS, logs=SPANS))
        fill(store)
        taken = asyncio.run(_ask(folder, store))
        store.close()
    finally:
        shutil.rmtree(folder)
    slowest = sorted(taken.items(), key=lambda each: -each[1])
    return {
        "slowest": round(slowest[0][1], 1),
        "advice": round(taken["/advice"], 1),
        "search": round(taken[f"/traces?{NOWHERE}"], 1),
        "median": round(median(taken.values()), 1),
        "note": "The slowest: "
        + ", ".join(f"`{path}` {milliseconds:.0f} ms" for path, milliseconds in slowest[:6])
        + ".",
    }


def fill(store: Store) -> None:
    """100,000 spans in traces of twenty, and as many lines of log."""
    for number, request in enumerate(requests()):
        batch = decode(request, PROTOBUF, TRACES).batch
        # The requests have 20 traces; one line for each span.
        for span in batch.spans:
            batch.logs.append(
                LogRecord(
                    time=span.start,
                    service=span.service,
                    severity=17 if number % 10 == 0 else 9,
                    body=f"{span.name} took {span.duration} ns",
                    trace_id=span.trace_id,
                    span_id=span.span_id,
                    attributes="{}",
                    resource=span.resource,
                )
            )
        if number % 10 == 0:
            batch.spans[:] = [each._replace(status=2, message="failed") for each in batch.spans]
        _add(store, batch)
    assert store.flush(timeout=120)


def _add(store: Store, batch: Batch) -> None:
    while True:
        try:
            store.add(batch)
            return
        except Full:  # as a sender would
            store.flush()


NOWHERE = "attributes=app.order_id%3Dnone"


def _pages(store: Store) -> Iterator[str]:
    """Every page, with every filter."""
    some = store.traces(TraceSearch(limit=1))[0].trace_id
    yield "/advice"
    for since in ("5m", "15m", "1h", "6h", "24h"):
        yield f"/?since={since}"
        yield f"/metrics?since={since}"
        yield f"/metrics?since={since}&service=orders"
    edge = "source=service%3Aorders&target=service%3Aproducts&since=1h"
    yield from (f"/?{edge}", f"/system/details?{edge}", "/?node=service%3Aorders&since=1h")
    for given in (
        "",
        "service=products",
        "service=none",
        "operation=reserve",
        "operation=none",
        "status=error",
        "status=ok",
        "min=1h",
        "max=1ns",
        "user=user-7",
        "user=nobody",
        "attributes=app.order_id%3Dorder-77",
        "attributes=http.request.method%3DPOST",
        "attributes=app.n%3D77",
        NOWHERE,
        f"{NOWHERE}&service=orders&operation=POST&status=ok&since=24h",
    ):
        yield f"/traces?{given}"
    yield f"/traces/{some}"
    for given in (
        "",
        "service=products",
        "service=none",
        "level=error",
        "level=fatal",
        "text=took",
        "text=nothing+says+this",
        f"trace={some}",
        "since=5m",
        "service=none&level=error&text=nothing",
    ):
        yield f"/logs?{given}"
    yield from ("/events", "/sagas", "/services", "/api", "/mail")


async def _ask(folder: Path, store: Store) -> dict[str, float]:
    """Milliseconds of each page."""
    settings = Settings(state=folder, host="127.0.0.1", port=8001, token=TOKEN)
    application = make_application(settings, store)
    taken = {}
    for path in _pages(store):
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            status = await _get(application, settings, path)
            times.append((time.process_time() - start) * 1000)
            assert status == 200, (path, status)
        taken[path] = median(times[1:])
        if os.environ.get("BENCH_VERBOSE"):
            print(f"{taken[path]:8.1f} ms  {path}", flush=True)
    return taken


async def _get(application: Starlette, settings: Settings, path: str) -> int:
    """The status, once the whole answer is there."""
    path, _, query = path.partition("?")
    cookie = f"{cookie_name(settings.port)}={cookie_value(settings)}"
    headers = {"host": f"127.0.0.1:{settings.port}", "cookie": cookie}
    answered: list[int] = []
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        return asked.pop() if asked else await asyncio.Future()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    await application(
        {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", settings.port),
        },
        receive,
        send,
    )
    return answered[0]


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
