"""`ramet up` runs the rate limiter where rates are counted in Redis."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.redis_server import RedisServer

from .conftest import Pair, kill

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer().start()
    yield server
    server.stop()


@pytest.fixture
def limited(pair: Pair, redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """The system with a rate in Redis, not started."""
    monkeypatch.setenv("RATES", redis.url)
    pair.change("ramet.toml", "[gateway]", '[gateway]\nrate_by_address = "1000/hour"')
    text = (pair.root / "ramet.toml").read_text()
    pair.write("ramet.toml", text + '\n[infrastructure]\nrates = "$RATES"\n')
    return pair


def test_the_rate_limiter_is_started_and_kept(
    limited: Pair, redis: RedisServer, eventually: Callable[..., Any]
) -> None:
    limited.up("--only", "left")
    assert limited.process("ratelimit")["state"] == "running"
    assert limited.folder.ratelimit.stat().st_mode & 0o777 == 0o600

    def counted() -> bool:
        assert limited.get("/left/")[0] == 200
        return bool(redis.client.keys("ramet:{*}:rate:gateway:address:*"))

    eventually(counted)
    before = limited.process("ratelimit")["pid"]
    kill(before)
    redis.client.flushall()
    eventually(counted, within=30, what="a new rate limiter counts")
    eventually(lambda: limited.process("ratelimit")["pid"] not in (None, before))


def test_a_redis_that_is_away_at_the_start_is_told(limited: Pair, redis: RedisServer) -> None:
    redis.kill()
    done = limited.ramet("up", "--detach", check=False)
    assert done.returncode != 0
    assert "[infrastructure] rates: redis-unusable" in done.stderr
    assert not limited.folder.state.exists()
