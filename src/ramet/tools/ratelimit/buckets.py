"""Token buckets in Redis, which whoever reaches the same server shares."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from time import monotonic

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ramet.system import Rate

__all__ = ["ANSWER", "Away", "Bucket", "Buckets", "Level", "connected"]

log = structlog.get_logger("ramet.ratelimit")

ANSWER = 0.08
"""Seconds within which Redis answers: a little less than the gateway waits for us."""
_CONNECTIONS = 32
_ASKED_AGAIN = 0.5  # seconds after which a Redis that was away is asked again
_MICROSECONDS = 1_000_000


class Away(Exception):
    """Redis cannot be reached, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Whose requests are counted. `by` is "address" or "user"; `value` is never written down."""

    scope: str
    by: str
    value: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket holds: tokens, and seconds until there is one more (0 where it is full)."""

    left: int
    wait: float


class Buckets:
    """The buckets of one system, which hold one period's requests and fill up steadily."""

    def __init__(self, redis: Redis, system: str) -> None:
        self._redis = redis
        self._system = system
        script = files(__package__).joinpath("buckets.lua").read_text(encoding="utf-8")
        # By its digest; a server that was started anew is given the text again.
        self._script = redis.register_script(script)
        self._away_until: float | None = None

    async def take(self, hits: int, buckets: Sequence[Bucket]) -> tuple[bool, list[Level]]:
        """Take `hits` tokens of every one of `buckets`, or of none of them; and what is left.

        Whether they were taken, and the levels in the order of `buckets`. Raises Away; for half a
        second after that without asking, so that a server that does not answer delays few requests.
        """
        if self._away_until is not None and monotonic() < self._away_until:
            raise Away
        limits = [part for each in buckets for part in (each.rate.requests, each.rate.seconds)]
        try:
            async with asyncio.timeout(ANSWER):
                answer = await self._script(
                    keys=[self._key(each) for each in buckets], args=[hits, *limits]
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._note_absence(error)
            raise Away from error
        self._note_presence()
        taken, *levels = map(int, answer)
        pairs = zip(levels[::2], levels[1::2], strict=True)
        return bool(taken), [Level(left, wait / _MICROSECONDS) for left, wait in pairs]

    def _key(self, bucket: Bucket) -> str:
        # Redis is not told who our users are. In braces what places keys in one slot of a cluster.
        digest = hashlib.blake2b(bucket.value.encode(), digest_size=16).hexdigest()
        return f"ramet:{{{self._system}}}:rate:{bucket.scope}:{bucket.by}:{digest}"

    def _note_absence(self, error: BaseException) -> None:
        if self._away_until is None:
            told = str(error) or f"no answer within {ANSWER:g} s"
            log.warning("ratelimit.store_away", error=told, then="each gateway counts by itself")
        self._away_until = monotonic() + _ASKED_AGAIN

    def _note_presence(self) -> None:
        if self._away_until is not None:
            self._away_until = None
            log.info("ratelimit.store_back")


def connected(url: str) -> Redis:
    """A client of the server at `url`; connections are made when they are needed.

    ValueError for a URL that is none.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=ANSWER,
        socket_timeout=ANSWER,
        socket_connect_timeout=ANSWER,
        # A connection that the server has closed meanwhile; to be counted twice is no harm.
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)
