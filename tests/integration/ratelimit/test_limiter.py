"""What Envoy is answered, by a limiter in front of a real Redis."""

import asyncio
from pathlib import Path
from typing import Any

from ramet.system import Gateway, Infrastructure, Rate, System
from ramet.tools.ratelimit.buckets import Buckets, connected
from ramet.tools.ratelimit.limiter import Limiter
from ramet.tools.ratelimit.protocol import Code, Descriptor, Request
from tests.redis_server import RedisServer

SYSTEM = System(
    name="shop",
    settings="shop.settings",
    services={},
    gateway=Gateway(rate_by_address=Rate(3, 3600)),
    infrastructure=Infrastructure(rates="$REDIS_URL"),
    path=Path("/srv/ramet.toml"),
)


def answers(redis: RedisServer, *hits: int) -> list[Any]:
    entries = [
        {"key": "generic_key", "value": "gateway"},
        {"key": "masked_remote_address", "value": "192.0.2.1/32"},
    ]

    async def ask() -> list[Any]:
        async with connected(redis.url) as client:
            limiter = Limiter(SYSTEM, Buckets(client, SYSTEM.name))
            return [
                await limiter.should_rate_limit(
                    Request(
                        domain="shop",
                        descriptors=[Descriptor(entries=entries)],
                        hits_addend=each,
                    ),
                    None,  # type: ignore[arg-type]  # only for errors
                )
                for each in hits
            ]

    return asyncio.run(ask())


def test_who_asks_for_more_than_is_left_is_refused_and_told_so(redis: RedisServer) -> None:
    taken, refused, last = answers(redis, 2, 2, 1)
    codes = [each.overall_code for each in (taken, refused, last)]
    assert codes == [Code.OK, Code.OVER_LIMIT, Code.OK]
    [status] = refused.statuses
    assert (status.code, status.limit_remaining) == (Code.OVER_LIMIT, 1)
    headers = {each.key: each.value for each in refused.response_headers_to_add}
    assert 1190 < int(headers["retry-after"]) <= 1200
