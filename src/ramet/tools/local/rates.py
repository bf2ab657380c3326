"""How much the services do just now: read from the numbers that their processes share.

Without asking any process, so that it holds while one hangs; and what ended processes had counted
is taken over on the way, also where no Prometheus ever asks.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ramet.telemetry.metrics.shared import Series, add_up

EVERY, SPAN = 5.0, 60.0
"""Seconds between two readings, and those over which a rate is the mean."""

_FAULTS = frozenset({"internal", "unavailable", "deadline_exceeded", "data_loss", "unknown"})

Totals = Counter[tuple[str, str]]
"""Numbers since the start, by service and kind: requests, failed_requests, calls, failed_calls."""

KINDS = ("requests", "failed_requests", "calls", "failed_calls")


@dataclass(slots=True)
class Rates:
    """Those of the groups whose processes share `folders`."""

    folders: Iterable[Path]
    _readings: deque[tuple[float, Totals]] = field(
        default_factory=lambda: deque(maxlen=round(SPAN / EVERY) + 1)
    )

    async def keep(self) -> None:
        """Read again and again."""
        while True:
            await asyncio.to_thread(lambda: self.read(time.monotonic()))
            await asyncio.sleep(EVERY)

    def read(self, at: float) -> None:
        """Read now, which is `at` on some clock of seconds."""
        totals: Totals = Counter()
        for folder in self.folders:
            if folder.is_dir():
                for series in add_up(folder):
                    _count(totals, series)
        self._readings.append((at, totals))

    def as_json(self) -> dict[str, Any]:
        """By service the events a second of each kind in the last minute, or since the start."""
        if not self._readings:
            return {}
        (began, before), (ended, now) = self._readings[0], self._readings[-1]
        seconds = ended - began
        services = sorted({service for service, _ in now})
        return {
            service: {
                kind: round((now[service, kind] - before[service, kind]) / seconds, 3)
                if seconds > 0
                else 0.0
                for kind in KINDS
            }
            for service in services
        }


def _count(totals: Totals, series: Series) -> None:
    declaration = series.declaration
    said = dict(zip(declaration.attributes, series.values, strict=True))
    number = round(sum(series.numbers[1 : len(declaration.bounds) + 2]))
    if declaration.name == "http.server.request.duration":
        service, failed = said["ramet.service"], said["http.response.status_code"] >= "500"
        totals[service, "requests"] += number
        totals[service, "failed_requests"] += number if failed else 0
    elif declaration.name == "rpc.client.call.duration":
        service, failed = said["ramet.callee"], said["rpc.response.status_code"] in _FAULTS
        totals[service, "calls"] += number
        totals[service, "failed_calls"] += number if failed else 0
