"""The answers to Envoy, by its protocol envoy.service.ratelimit.v3.RateLimitService."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import grpc

from ramet.system import System, rates
from ramet.tools.ratelimit import protocol
from ramet.tools.ratelimit.buckets import Away, Bucket, Buckets, Level
from ramet.tools.ratelimit.protocol import Code, Unit

__all__ = ["Limiter"]

_UNITS = {
    1: Unit.SECOND,
    60: Unit.MINUTE,
    3600: Unit.HOUR,
}


class Limiter:
    """Answers for one system, whose name is the domain: other domains have no rates here."""

    def __init__(self, system: System, buckets: Buckets) -> None:
        self._domain = system.name
        self._buckets = buckets
        self._rates = {
            (scope, key): (by, rate)
            for by, key in rates.KINDS.items()
            for scope, rate in rates.declared(system, by).items()
        }

    async def should_rate_limit(
        self, request: Any, context: grpc.aio.ServicerContext[Any, Any]
    ) -> Any:
        """Whether a request may pass; UNAVAILABLE where nobody knows, as Redis is away."""
        asked = [self._bucket(request.domain, each) for each in request.descriptors]
        counted = [bucket for bucket in asked if bucket is not None]
        if not counted:
            statuses = [protocol.Status(code=Code.OK)] * len(asked)
            return protocol.Response(overall_code=Code.OK, statuses=statuses)
        try:
            hits = request.hits_addend or 1
            may_pass, levels = await self._buckets.take(hits, counted)
        except Away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the store of the rates is away")
            raise AssertionError("abort raises") from None
        found = dict(zip(counted, levels, strict=True))
        return _answer(asked, found, short_of=0 if may_pass else hits)

    def _bucket(self, domain: str, descriptor: Any) -> Bucket | None:
        """What a descriptor counts; None where nothing is declared for it."""
        if domain != self._domain or len(descriptor.entries) != 2:
            return None
        scope, who = descriptor.entries
        if scope.key != rates.SCOPE or (scope.value, who.key) not in self._rates:
            return None
        by, rate = self._rates[scope.value, who.key]
        return Bucket(scope.value, by, who.value, rate)


def _answer(asked: Sequence[Bucket | None], levels: dict[Bucket, Level], *, short_of: int) -> Any:
    """`short_of`: so many tokens were asked for in vain; 0 where they were there."""
    statuses = [
        _status(bucket, levels.get(bucket) if bucket else None, short_of) for bucket in asked
    ]
    headers = [
        protocol.Header(key="ratelimit-policy", value=", ".join(map(_policy, levels))),
        protocol.Header(key="ratelimit", value=", ".join(_limit(*pair) for pair in levels.items())),
    ]
    if short_of:
        # None is short where what rounding has cost came back between the decision and its reasons.
        short = (level.wait for level in levels.values() if level.left < short_of)
        wait = max(short, default=0)
        headers.append(protocol.Header(key="retry-after", value=str(_whole(wait))))
    return protocol.Response(
        overall_code=Code.OVER_LIMIT if short_of else Code.OK,
        statuses=statuses,
        response_headers_to_add=headers,
    )


def _status(bucket: Bucket | None, level: Level | None, short_of: int) -> Any:
    if bucket is None or level is None:
        return protocol.Status(code=Code.OK)
    is_over = level.left < short_of
    return protocol.Status(
        code=Code.OVER_LIMIT if is_over else Code.OK,
        current_limit=protocol.Limit(
            requests_per_unit=bucket.rate.requests, unit=_UNITS[bucket.rate.seconds]
        ),
        limit_remaining=level.left,
        duration_until_reset=protocol.Duration(seconds=_whole(level.wait)),
    )


# Two fields of draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4: a policy's name with its
# quota and window, and with what remains of it and for how many seconds that holds.


def _policy(bucket: Bucket) -> str:
    return f'"{bucket.by}";q={bucket.rate.requests};w={bucket.rate.seconds}'


def _limit(bucket: Bucket, level: Level) -> str:
    return f'"{bucket.by}";r={level.left};t={_whole(level.wait)}'


def _whole(seconds: float) -> int:
    return math.ceil(seconds)
