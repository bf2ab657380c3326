"""What is wrong with a Redis is told before anything is served, by the name of the setting."""

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from ramet.errors import DiagnosticError
from ramet.tools.local import ports
from ramet.tools.ratelimit import require_usable
from tests.redis_server import RedisServer


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    server = RedisServer().start()
    yield server
    server.stop()


def refusal(url: str) -> str:
    with pytest.raises(DiagnosticError) as refused:
        require_usable(url)
    [mistake] = refused.value.mistakes
    assert mistake.where == "[infrastructure] rates"
    return str(mistake)


def test_a_redis_that_answers_is_usable(redis: RedisServer) -> None:
    require_usable(redis.url)


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> Any:
        return None if name == "grpc" else object()

    monkeypatch.setattr(importlib.util, "find_spec", find)
    told = refusal("redis://127.0.0.1/0")
    assert "rate-limiter-not-installed" in told
    assert "grpc cannot be imported" in told
    assert 'pip install "ramet[ratelimit]"' in told


@pytest.mark.parametrize(
    "url", ["redis://:hunter2@127.0.0.1:port/0", "redis://127.0.0.1:1/0?socket_timeout=hunter2"]
)
def test_a_malformed_url_is_refused_without_its_words(url: str) -> None:
    told = refusal(url)
    assert "malformed-redis-url" in told
    assert "hunter2" not in told


def test_a_server_that_is_away_is_told() -> None:
    told = refusal(f"redis://:hunter2@127.0.0.1:{ports.unused()}/0")
    assert "redis-unusable" in told
    assert "hunter2" not in told


def test_a_server_that_refuses_us_is_told(redis: RedisServer) -> None:
    told = refusal(redis.url.replace("//", "//nobody:hunter2@"))
    assert "redis-unusable" in told
    assert "hunter2" not in told


def test_a_server_that_may_only_be_read_is_told(redis: RedisServer) -> None:
    redis.client.replicaof("127.0.0.1", ports.unused())
    try:
        assert "redis-unusable" in refusal(redis.url)
    finally:
        redis.client.replicaof("NO", "ONE")
