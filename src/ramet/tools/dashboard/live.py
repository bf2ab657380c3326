"""Parts of pages that renew themselves, by server-sent events (WHATWG HTML).

The page says `hx-sse:connect="/its/stream" hx-swap="innerMorph"`, and htmx puts each message in
place of the element's content, changing only what differs: focus, selection, scroll positions and
open details stay. A page in a background tab closes its stream (`pauseOnBackground`).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ramet.tools.dashboard.access import HEADERS

__all__ = ["changes", "message", "stream"]

_MOST_STREAMS = 32
_KEEP_ALIVE_SECONDS = 10.0
_open_streams = 0
# For a stream of events each of these ends a line, the carriage return of a progress bar too: what
# follows it would be a field of its own, with a name that a log line chooses.
_LINE_END = re.compile(r"\r\n|\r|\n")


def message(html: str, id: int | None = None) -> str:
    """One event; a browser that connects again names the last `id` in `Last-Event-ID`."""
    lines = [] if id is None else [f"id: {id}"]
    lines += [f"data: {line}" for line in _LINE_END.split(html)]
    return "\n".join(lines) + "\n\n"


def changes(render: Callable[[], str]) -> Callable[[], str | None]:
    """For `stream`: what `render` returns, whenever it differs from the last time."""
    last: str | None = None

    def news() -> str | None:
        nonlocal last
        html = render()
        if html == last:
            return None
        last = html
        return message(html)

    return news


def stream(request: Request, news: Callable[[], str | None], *, every: float) -> Response:
    """An answer that never ends: the message that `news` returns, asked every so many seconds.

    `news` runs in a thread; where it returns None there is nothing to say. HEAD, which has no body,
    ends at once.
    """
    if request.method == "HEAD":
        return Response(None, 200, HEADERS, "text/event-stream")
    if _open_streams >= _MOST_STREAMS:
        return PlainTextResponse("Too many pages are open.\n", 503, HEADERS)
    return StreamingResponse(_messages(news, every), 200, HEADERS, "text/event-stream")


async def _messages(news: Callable[[], str | None], every: float) -> AsyncIterator[str]:
    global _open_streams
    _open_streams += 1
    try:
        # At once: that the answer began is what tells the page that somebody is there.
        yield ": here\n\n"
        said_at = time.monotonic()
        # Starlette cancels this when the reader has gone.
        while True:
            told = await run_in_threadpool(news)
            if told is not None or time.monotonic() - said_at > _KEEP_ALIVE_SECONDS:
                # Without a word for long, something on the way may hang up: if need be, a comment.
                yield told or ": still here\n\n"
                said_at = time.monotonic()
            await asyncio.sleep(every)
    finally:
        _open_streams -= 1
