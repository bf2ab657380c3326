"""One asyncio loop in one thread, for clients that speak asyncio: the rest of Ramet is threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from ramet.events.brokers import BrokerUnavailable

T = TypeVar("T")


class EventLoop:
    """Started by its first work, ended by `close`. Its methods are called from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the loop's thread and wait. Raises BrokerUnavailable once it is closed."""
        with self._lock:
            if self._is_closed:
                work.close()
                raise BrokerUnavailable("the connection was closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name=self._name, daemon=True
                ).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self, last: Coroutine[Any, Any, None], within: float) -> None:
        """Run `last`, for at most `within` seconds, and end the thread; nothing the second time."""
        with self._lock:
            self._is_closed = True
            loop, self._loop = self._loop, None
        if loop is None:
            last.close()
            return
        asyncio.run_coroutine_threadsafe(last, loop).result(within)
        loop.call_soon_threadsafe(loop.stop)
