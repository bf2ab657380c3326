"""The process: one gRPC server in front of one Redis, until it is ended."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import grpc
import structlog

from ramet.errors import DiagnosticError, Mistake
from ramet.system import System
from ramet.tools.ratelimit import protocol
from ramet.tools.ratelimit.buckets import Buckets, connected
from ramet.tools.ratelimit.limiter import Limiter

__all__ = ["serve"]

log = structlog.get_logger("ramet.ratelimit")

_AT_ONCE = 512  # requests; as many as the gateway asks
_GRACE = 1.0  # seconds


def serve(system: System, url: str, listen: str) -> None:
    """Count in the Redis at `url` for whoever asks at `listen`, until SIGTERM or SIGINT.

    `listen` is the path of a Unix socket, which only this user may open, or "host:port" of this
    machine. Raises DiagnosticError where it cannot be listened at.
    """
    asyncio.run(_serve(system, url, listen))


async def _serve(system: System, url: str, listen: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = grpc.aio.server(maximum_concurrent_rpcs=_AT_ONCE)
    async with connected(url) as redis:
        limiter = Limiter(system, Buckets(redis, system.name))
        server.add_generic_rpc_handlers([protocol.handler(limiter.should_rate_limit)])
        _bind(server, listen)
        await server.start()
        log.info("ratelimit.serving", listen=listen)
        await stop.wait()
        await server.stop(_GRACE)


def _bind(server: grpc.aio.Server, listen: str) -> None:
    is_socket = listen.startswith("/")
    if is_socket:
        Path(listen).unlink(missing_ok=True)  # a killed predecessor's
    before = os.umask(0o177)
    try:
        server.add_insecure_port(f"unix:{listen}" if is_socket else listen)
    except RuntimeError as error:
        raise DiagnosticError(
            Mistake(
                "cannot-listen",
                where=f"--listen {listen}",
                found=str(error),
                expected="a socket in a folder of ours, or a port that nobody has",
                remedy="Choose another one.",
            )
        ) from None
    finally:
        os.umask(before)
