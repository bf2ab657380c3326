"""How each embedded engine is kept running."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from ramet.tools.local.envoy import Envoy
from ramet.tools.local.keeper import Keeper, Report
from ramet.tools.local.nats import Nats
from ramet.tools.local.postgres import Postgres
from ramet.tools.local.processes import Process
from ramet.tools.local.running import Running


def keeper(engine: Postgres | Nats | Envoy, report: Report, changed: Callable[[], None]) -> Keeper:
    """Keeps an engine running; its data survive a kill, so it is simply started again."""
    service, role = {
        Postgres: ("postgres", "postgres"),
        Nats: ("nats", "broker"),
        Envoy: ("envoy", "gateway"),
    }[type(engine)]

    async def start() -> Running:
        # In a thread: PostgreSQL's first start takes most of a second. The threads of the loop's
        # executor live as long as the loop, so the engine does not lose its "parent" with one.
        launching = asyncio.ensure_future(asyncio.to_thread(engine.launch))
        try:
            await asyncio.shield(launching)
        except asyncio.CancelledError:  # stopped while it starts; the thread goes on regardless
            await launching
            await asyncio.to_thread(engine.stop)
            raise
        assert engine.process is not None
        return Running.of(engine.process)

    async def is_ready() -> bool:
        if isinstance(engine, Envoy):
            return await engine.is_ready()
        return await asyncio.to_thread(engine.is_ready)

    return Keeper(
        Process(service, role, service),
        start,
        is_ready,
        engine.log,
        report,
        changed,
        # PostgreSQL may find the shared memory of a killed predecessor still in use for a moment.
        attempts=20 if isinstance(engine, Postgres) else 2,
        polite=signal.SIGINT if isinstance(engine, Postgres) else signal.SIGTERM,
    )
