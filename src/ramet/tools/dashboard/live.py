"""Parts of pages that renew themselves: server-sent events, a message whenever the part changed.

The page says `hx-sse:connect="/its/stream" hx-swap="innerMorph"`, and htmx puts each message in
place of the element's content, changing only what differs: focus, selection, scroll positions and
open details stay. A page in a background tab closes its stream (`pauseOnBackground`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ramet.tools.dashboard.access import HEADERS

__all__ = ["message", "stream"]

_MOST_STREAMS = 32
_KEEP_ALIVE_SECONDS = 10.0
_open_streams = 0


def message(html: str) -> str:
    """One event (WHATWG HTML, "Server-sent events"): each line of it has a field name."""
    return "".join(f"data: {line}\n" for line in html.split("\n")) + "\n"


def stream(render: Callable[[], str | None], *, every: float = 2.0) -> Response:
    """An answer that never ends: what `render` returns, when it differs from the last time.

    `render` runs in a thread, every so many seconds; where it returns None there is nothing to say.
    """
    if _open_streams >= _MOST_STREAMS:
        return PlainTextResponse("Too many pages are open.\n", 503, HEADERS)
    return StreamingResponse(_messages(render, every), 200, HEADERS, "text/event-stream")


async def _messages(render: Callable[[], str | None], every: float) -> AsyncIterator[str]:
    global _open_streams
    _open_streams += 1
    try:
        last, said_at = None, time.monotonic()
        # At once: that the answer began is what tells the page that somebody is there.
        yield ": here\n\n"
        while True:
            html = await run_in_threadpool(render)
            if html is not None and html != last:
                last, said_at = html, time.monotonic()
                yield message(html)
            elif time.monotonic() - said_at > _KEEP_ALIVE_SECONDS:
                # A comment: only by writing is it noticed that the reader has gone.
                said_at = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(every)
    finally:
        _open_streams -= 1
