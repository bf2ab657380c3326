"""What can be wrong before anything is served: packages, the URL, the server behind it."""

import asyncio
import importlib.util

from ramet.errors import DiagnosticError, Mistake

__all__ = ["require_usable"]

_WHERE = "[infrastructure] rates"
_START = 3.0  # seconds; a server far away has to be asked for its name first


def require_usable(url: str) -> None:
    """Raise DiagnosticError, naming the setting, unless a Redis at `url` can count for us.

    Without anything of `url` in it, which may hold a password.
    """
    missing = [name for name in ("grpc", "redis", "google.protobuf") if not _is_installed(name)]
    if missing:
        raise DiagnosticError(
            Mistake(
                "rate-limiter-not-installed",
                _WHERE,
                found=f"a Redis server, but {', '.join(missing)} cannot be imported",
                expected="what the rate limiter needs",
                remedy='Install it: pip install "ramet[ratelimit]"',
            )
        )
    from ramet.tools.ratelimit.buckets import connected

    try:
        connected(url)
    except ValueError:  # its words quote the URL
        raise DiagnosticError(
            Mistake(
                "malformed-redis-url",
                _WHERE,
                found="a URL that cannot be read",
                expected="redis://[[user]:password@]host[:port][/database], or rediss://...",
                remedy="Correct it; percent-encode what has a meaning of its own in a URL.",
            )
        ) from None
    if fault := asyncio.run(_fault(url)):
        raise DiagnosticError(
            Mistake(
                "redis-unusable",
                _WHERE,
                found=fault,
                expected="a Redis, version 5 or later, that answers and may be written to",
                remedy="Start it, or correct the URL.",
            )
        )


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of a package around it
        return False


async def _fault(url: str) -> str:
    """Why the server is of no use; empty if it is."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    async with Redis.from_url(url, socket_timeout=_START, socket_connect_timeout=_START) as redis:
        try:
            server = await redis.info("server")
            await redis.set("ramet:usable", 1, px=1)
        except (RedisError, OSError) as error:
            return f"a server that is of no use: {error}"
    version = str(server["redis_version"])
    # Before, a script that reads the clock could not write (https://redis.io/docs/latest/commands/eval).
    return f"version {version}" if int(version.partition(".")[0]) < 5 else ""
