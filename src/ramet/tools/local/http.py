"""A GET over a Unix socket or TCP: enough to ask a process how it is."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

# Without this machine's authorities: reading them would be most of the work of `ramet status`.
_UNVERIFIED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_UNVERIFIED.check_hostname = False
_UNVERIFIED.verify_mode = ssl.CERT_NONE


async def status_of(
    target: Path | tuple[str, int],
    path: str,
    *,
    host: str = "localhost",
    tls: bool = False,
    timeout: float = 5.0,
) -> int | None:
    """The status code of `GET path`; None when nobody answers within `timeout` seconds.

    With `tls` any certificate will do: it asks whether a program of ours is ready, no more.
    """
    status, _ = await get(target, path, host=host, tls=tls, timeout=timeout, with_body=False)
    return status


async def get(
    target: Path | tuple[str, int],
    path: str,
    *,
    host: str = "localhost",
    tls: bool = False,
    timeout: float = 5.0,
    with_body: bool = True,
) -> tuple[int | None, bytes]:
    """The same with the body, of a server that ends it with the connection or tells its length."""
    try:
        async with asyncio.timeout(timeout):
            if isinstance(target, Path):
                reader, writer = await asyncio.open_unix_connection(str(target))
            else:
                reader, writer = await asyncio.open_connection(
                    *target, ssl=_UNVERIFIED if tls else None
                )
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                await writer.drain()
                words = (await reader.readline()).split(None, 2)
                answer = await reader.read() if with_body else b""
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return None, b""
    if len(words) < 2 or not words[1].isdigit():
        return None, b""
    return int(words[1]), answer.partition(b"\r\n\r\n")[2]
