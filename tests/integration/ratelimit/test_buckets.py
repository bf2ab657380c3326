"""Buckets in a real Redis mean what the gateway's own buckets mean."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from ramet.system import Rate
from ramet.tools.ratelimit.buckets import Away, Bucket, Buckets, Level, connected
from tests.redis_server import RedisServer

ALICE = Bucket("gateway", "user", "alice", Rate(3, 3600))
SOMEWHERE = Bucket("gateway", "address", "192.0.2.1/32", Rate(5, 3600))


def take(redis: RedisServer, *buckets: Bucket, times: int = 1, hits: int = 1) -> list[Any]:
    async def ask() -> list[Any]:
        async with connected(redis.url) as client:
            asked = Buckets(client, "shop")
            return [await asked.take(hits, buckets) for _ in range(times)]

    return asyncio.run(ask())


def test_a_bucket_holds_one_periods_requests(redis: RedisServer) -> None:
    answers = take(redis, ALICE, times=5)
    assert [taken for taken, _ in answers] == [True] * 3 + [False] * 2
    assert [level.left for _, [level] in answers] == [2, 1, 0, 0, 0]
    # An hour for three: the next token is there 20 minutes after the first one was taken.
    assert all(1190 < level.wait <= 1200 for _, [level] in answers)


def test_tokens_come_back_one_by_one(redis: RedisServer, eventually: Callable[..., Any]) -> None:
    quick = Bucket("gateway", "user", "alice", Rate(120, 60))
    assert take(redis, quick, hits=120)[0][0]
    assert not take(redis, quick)[0][0]
    # Half a second later there is one, long before the minute is over.
    eventually(lambda: take(redis, quick)[0][0], within=10)


def test_a_request_takes_of_every_bucket_or_of_none(redis: RedisServer) -> None:
    answers = take(redis, SOMEWHERE, ALICE, times=9)
    assert [taken for taken, _ in answers] == [True] * 3 + [False] * 6
    # Refused for the user, it has cost the address nothing.
    assert [level.left for _, [level, _] in answers] == [4, 3, 2, 2, 2, 2, 2, 2, 2]


def test_more_than_one_may_be_taken_at_once(redis: RedisServer) -> None:
    assert take(redis, SOMEWHERE, hits=4)[0] == (True, [Level(1, pytest.approx(720, abs=2))])
    assert take(redis, SOMEWHERE, hits=2)[0][0] is False
    assert take(redis, SOMEWHERE)[0][0] is True


def test_callers_at_the_same_moment_never_get_more_together(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ramet.tools.ratelimit.buckets.ANSWER", 20
    )  # a hundred connections at once take their time

    async def ask() -> int:
        async with connected(redis.url) as one, connected(redis.url) as other:
            shared = [Buckets(client, "shop") for client in (one, other)]
            bucket = Bucket("gateway", "user", "alice", Rate(20, 3600))
            answers = await asyncio.gather(*(shared[n % 2].take(1, [bucket]) for n in range(100)))
            return sum(taken for taken, _ in answers)

    assert asyncio.run(ask()) == 20


def test_keys_end_with_what_they_tell_and_name_nobody(redis: RedisServer) -> None:
    take(redis, SOMEWHERE, ALICE)
    keys = redis.client.keys("*")
    assert len(keys) == 2
    for key, seconds in zip(sorted(keys), (720, 1200), strict=True):
        assert (seconds - 5) * 1000 < redis.client.pttl(key) <= seconds * 1000
        assert b"alice" not in key
        assert b"192.0.2.1" not in key


def test_a_clock_that_was_set_back_shuts_nobody_out_for_longer_than_a_period(
    redis: RedisServer,
) -> None:
    take(redis, ALICE)
    [key] = redis.client.keys("*")
    redis.client.set(key, float(redis.client.get(key)) + 7 * 86400 * 1_000_000)
    [(taken, [level])] = take(redis, ALICE)
    assert not taken
    assert level.wait <= 1200


def test_a_restarted_server_is_told_the_script_anew(redis: RedisServer) -> None:
    async def ask() -> list[bool]:
        async with connected(redis.url) as client:
            asked = Buckets(client, "shop")
            before = await asked.take(1, [ALICE])
            redis.kill()
            redis.start()
            return [before[0], (await asked.take(1, [ALICE]))[0]]

    assert asyncio.run(ask()) == [True, True]


def test_a_server_that_does_not_answer_is_asked_once_in_half_a_second(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, now = [], [100.0]
    monkeypatch.setattr("ramet.tools.ratelimit.buckets.monotonic", lambda: now[0])

    async def no_answer(**_: object) -> None:
        asked.append(now[0])
        await asyncio.sleep(60)

    async def ask() -> None:
        async with connected(redis.url) as client:
            buckets = Buckets(client, "shop")
            script, buckets._script = buckets._script, no_answer
            for now[0] in (100.0, 100.1, 100.4, 100.6):
                with pytest.raises(Away):
                    await buckets.take(1, [ALICE])
            buckets._script, now[0] = script, 101.2
            assert (await buckets.take(1, [ALICE]))[0]

    with structlog.testing.capture_logs() as logged:
        asyncio.run(ask())
    assert asked == [100.0, 100.6]
    # However often it was asked in vain.
    assert [line["event"] for line in logged] == ["ratelimit.store_away", "ratelimit.store_back"]
