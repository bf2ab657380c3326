"""Reading requests in bounded memory and time: sizes, compression, several at once."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

__all__ = ["Bodies", "Body", "Refused"]

LARGEST = 16 * 1024 * 1024
"""Bytes of one request, compressed or not, before and after."""
TOGETHER = 64 * 1024 * 1024
"""Bytes of all requests that are being read or decoded."""
SECONDS = 30
"""For sending one request."""
MEMBERS = 64
"""Of one gzip stream: each copies all that follows it, and twenty bytes make one."""

_GZIP = 16 + zlib.MAX_WBITS


class Refused(Exception):
    """Nothing of the request is taken."""

    def __init__(
        self, status: int, reason: str | None, message: str, retry_after: int | None = None
    ) -> None:
        """`reason`: by which the store counts it; None where nothing of ours was lost."""
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body as it came."""

    raw: bytes
    gzip: bool

    def unpacked(self) -> bytes:
        """The content. Raises `Refused` where it is no gzip or grows over the limit."""
        if not self.gzip:
            return self.raw
        found, rest = b"", self.raw
        for _ in range(MEMBERS):  # gzip allows several, one after the other
            if not rest:
                return found
            member = zlib.decompressobj(_GZIP)
            try:
                found += member.decompress(rest, LARGEST + 1 - len(found))
            except zlib.error as error:
                raise Refused(400, "malformed-request", f"not gzip: {error}") from None
            if len(found) > LARGEST:
                raise _too_large()
            if not member.eof:
                raise Refused(400, "malformed-request", "the gzip stream is cut off")
            rest = member.unused_data
        if rest:
            raise Refused(400, "malformed-request", f"gzip of more than {MEMBERS} members")
        return found


class Bodies:
    """Reads the bodies of all requests of one application."""

    def __init__(self) -> None:
        self._bytes = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[Body]:
        """The body, which counts as long as the context is open. Raises `Refused`."""
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", ""):
            raise Refused(415, None, f"the content encoding {encoding!r} is not gzip or identity")
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(SECONDS):
                async for chunk in request.stream():
                    size += len(chunk)
                    self._bytes += len(chunk)
                    if size > LARGEST:
                        raise _too_large()
                    if self._bytes > TOGETHER:
                        raise Refused(429, "queue-full", "too much is being sent at once", 1)
                    chunks.append(chunk)
            yield Body(b"".join(chunks), encoding == "gzip")
        except TimeoutError:
            raise Refused(408, None, f"the request took over {SECONDS} s to arrive") from None
        except ClientDisconnect:
            raise Refused(400, None, "the sender went away") from None
        finally:
            self._bytes -= size


def _too_large() -> Refused:
    return Refused(413, "too-large", f"a request has at most {LARGEST // 1024 // 1024} MB")
