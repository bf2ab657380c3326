"""A GET over a Unix socket or TCP: enough to ask a process whether it is ready."""

from __future__ import annotations

import asyncio
from pathlib import Path


async def status_of(
    target: Path | tuple[str, int], path: str, *, host: str = "localhost", timeout: float = 5.0
) -> int | None:
    """The status code of `GET path`; None when nobody answers within `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            if isinstance(target, Path):
                reader, writer = await asyncio.open_unix_connection(str(target))
            else:
                reader, writer = await asyncio.open_connection(*target)
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                await writer.drain()
                words = (await reader.readline()).split(None, 2)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return None
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None
