"""A service that is not Django: echoes over a WebSocket, and counts in server-sent events.

    RAMET_SOCKET=/run/live.web.sock python live.py

The count goes on when `/live/next` is asked for, so that a test sees each event by itself.
"""

import asyncio
import os
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

_turns = asyncio.Semaphore(1)


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


async def count(request: Request) -> Response:
    async def events() -> AsyncIterator[str]:
        for number in range(1, 100):
            await _turns.acquire()
            yield f"data: {number}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


async def next_one(request: Request) -> Response:
    _turns.release()
    return PlainTextResponse("ok")


app = Starlette(
    routes=[
        WebSocketRoute("/live/echo", echo),
        WebSocketRoute("/api/echo", echo),
        Route("/live/count", count),
        Route("/api/next", next_one),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, uds=os.environ["RAMET_SOCKET"], log_level="warning")
