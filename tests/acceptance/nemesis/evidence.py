"""What is kept when something went wrong: all that would be gone with the shop.

Not below pytest's folder for temporary files, which the third run after it removes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import psycopg

from ramet.system import probes
from ramet.tools.local import http
from ramet.tools.local.environment import probe_socket, web_socket
from ramet.tools.local.folder import Folder
from tests.acceptance.invariants import under_way_now
from tests.acceptance.nemesis.shaken_shop import ShakenShop
from tests.acceptance.running_shop import ROOT

KEPT = ROOT / "build" / "nemesis"

_EVENTS = (
    "SELECT * FROM ramet_events_inbox WHERE state <> 'done'",
    "SELECT * FROM ramet_events_outbox",
    "SELECT *, clock_timestamp() FROM ramet_events_lease",
    "SELECT pid, state, wait_event, xact_start, query FROM pg_stat_activity"
    " WHERE usename = current_user",
)
_QUERIES = {
    "orders": (
        "SELECT id, status, reason, total, created_at, cancel_requested_at FROM orders_order",
        "SELECT *, clock_timestamp() FROM ramet_sagas_sagarun"
        " WHERE status NOT IN ('completed', 'compensated')",
        "SELECT r.key, s.* FROM ramet_sagas_sagastep s JOIN ramet_sagas_sagarun r"
        " ON r.id = s.run_id ORDER BY r.key, s.id",
        *_EVENTS,
    ),
    "payments": ("SELECT * FROM payments_payment", "SELECT * FROM payments_movement", *_EVENTS),
    "products": ("SELECT * FROM products_reservation", *_EVENTS),
    "users": ("SELECT * FROM users_letter", *_EVENTS),
}
_PUBLIC = (
    "/o/.well-known/jwks.json",
    "/api/v1/users/me/",
    "/api/v1/products/",
    "/api/v1/orders/",
    "/api/v1/payments/",
)
_OF_ENVOY = ("/clusters", "/listeners", "/stats?filter=jwt", "/server_info")

_WELL = "  "
"""What begins a line that tells of nothing that is missing."""


class Evidence:
    """Whatever ends the block by an error, a timeout of the test among them, has it kept.

    The error's message then tells what `known` adds, what was missing at that moment, and where
    the rest is. `name` is a part of the folder's name.
    """

    def __init__(self, shop: ShakenShop, name: str, kept: Path = KEPT) -> None:
        self.known: list[Callable[[], Iterable[str]]] = []
        self._shop = shop
        self._where = kept / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{name}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: object, failure: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if failure is not None:
            failure.add_note("\n".join(self._kept()))

    def _kept(self) -> list[str]:
        self._where.mkdir(parents=True)
        # First what changes while one looks.
        states = self._write("processes.txt", lambda: _processes(self._shop))
        health = self._write("health.txt", lambda: asyncio.run(_health(self._shop)))
        self._write("envoy.txt", lambda: asyncio.run(_envoy(self._shop)))
        moving = self._write("under-way.txt", lambda: _under_way(self._shop))
        for service in _QUERIES:
            self._write(f"rows-of-{service}.txt", partial(_rows, self._shop, service))
        known = self._write("known.txt", lambda: [line for tell in self.known for line in tell()])
        logs = self._write("logs.txt", lambda: [str(self._shop.keep_logs(self._where))])
        missing = [line for line in [*states, *health, *moving] if not line.startswith(_WELL)]
        return [*known, "missing when it failed:", *missing, "all that is known is in:", *logs]

    def _write(self, name: str, lines: Callable[[], Iterable[str]]) -> list[str]:
        """What cannot be had is said in its place: it must not hide the failure itself."""
        try:
            found = list(lines())
        except Exception as error:  # noqa: BLE001 - the shop is broken, and how is not known
            found = [f"{name} cannot be had: {error!r}"]
        (self._where / name).write_text("\n".join([*found, ""]))
        return found


def _processes(shop: ShakenShop) -> Iterator[str]:
    """Those that do not run, and what the system says of all that there are."""
    yield from shop.not_running()
    state = shop.state()
    yield from (f"{_WELL}{each}" for each in state.get("processes", []))
    roots = [shop.supervisor().pid, *(each["pid"] for each in state.get("system_processes", []))]
    seen: set[int] = set()
    for root in roots:
        try:
            process = psutil.Process(root)
            for each in (process, *process.children(recursive=True)):
                if each.pid not in seen:
                    seen.add(each.pid)
                    yield from _described(each)
        except psutil.NoSuchProcess:
            yield f"process {root} is gone"


def _described(process: psutil.Process) -> Iterator[str]:
    """As `ps` tells it, with its connections."""
    try:
        spent, began = process.cpu_times(), time.strftime("%X", time.gmtime(process.create_time()))
        yield (
            f"{_WELL}{process.pid} of {process.ppid()} {process.status()} since {began}, "
            f"{spent.user:.1f} + {spent.system:.1f} s: {' '.join(process.cmdline())[:200]}"
        )
        for each in process.net_connections("all"):
            yield f"{_WELL}    {each.status} {each.laddr} {each.raddr}"
    except psutil.NoSuchProcess:
        yield f"{_WELL}{process.pid} has just ended"


async def _health(shop: ShakenShop) -> list[str]:
    """How each process says it is, and what the gateway answers to somebody without a token."""
    run = Folder(shop.folder).run
    asked: list[tuple[str, Path | tuple[str, int], str]] = []
    for each in shop.processes():
        name, path = each["name"], probes.READY
        match each["role"]:
            case "web":
                group, _, number = name.partition("-web")
                asked.append((name, web_socket(run, group, int(number[1:] or 1)), path))
            case "worker" | "celery":
                asked.append((name, probe_socket(run, name), path))
    asked += [("gateway", ("127.0.0.1", shop.port), path) for path in _PUBLIC]
    answers = await asyncio.gather(*(http.get(target, path) for _, target, path in asked))
    return [
        f"{_WELL if status is not None and status < 500 else ''}{who} {path}: {status} "
        f"{body.decode(errors='replace')[:1000]}"
        for (who, _, path), (status, body) in zip(asked, answers, strict=True)
    ]


async def _envoy(shop: ShakenShop) -> list[str]:
    admin = Folder(shop.folder).run / "envoy-admin.sock"
    answers = [(path, *await http.get(admin, path)) for path in _OF_ENVOY]
    return [f"{path}: {status}\n{body.decode(errors='replace')}" for path, status, body in answers]


def _under_way(shop: ShakenShop) -> list[str]:
    return [f"{what}: {rows}" for what, rows in under_way_now(shop).items()]


def _rows(shop: ShakenShop, service: str) -> Iterator[str]:
    for query in _QUERIES[service]:
        yield query
        try:
            yield from (f"    {row}" for row in shop.sql(service, query))
        except psycopg.Error as error:
            yield f"    cannot be read: {error}"
