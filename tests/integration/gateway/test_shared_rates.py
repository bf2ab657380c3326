"""Two gateways with one Redis count together, and each by itself while nobody answers."""

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from ramet.system import Infrastructure, Rate
from ramet.tools.local import ports
from ramet.tools.ratelimit import configuration, protocol
from tests.conftest import eventually
from tests.integration.gateway.harness import Answer, Edge
from tests.redis_server import RedisServer

ORDERS, PRODUCTS, USERS = "/api/v1/orders/", "/api/v1/products/", "/o/"
ENTRY = "import sys; from ramet.cli import main; sys.exit(main())"
ROOT = Path(__file__).parents[3]
# Behind a balancer addresses are what it says, so that a test has as many as it likes.
BALANCED = {"tls": "balancer", "given_url": "https://shop.example"}
TOML = """\
[system]
name = "shop"
settings = "tests.settings"

[services.orders]
apps = ["tests"]
rate_by_user = "6/hour"

[gateway]
tls = "balancer"
public_url = "https://shop.example"
issuer = "https://id.example"
rate_by_address = "10/hour"
rate_by_user = "4/hour"

[infrastructure]
rates = "$RATES"
"""


@dataclass
class Pair:
    """Two gateways, each with a `ramet ratelimit` beside it, as they are in production."""

    redis: RedisServer
    gateways: list[Edge] = field(default_factory=list)
    limiters: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> "Pair":
        for _ in range(2):
            edge = Edge(
                gateway={
                    **BALANCED,
                    "rate_by_address": Rate(10, 3600),
                    "rate_by_user": Rate(4, 3600),
                },
                services={"orders": {"rate_by_user": Rate(6, 3600)}},
                infrastructure=Infrastructure(rates="$RATES"),
            )
            # One issuer, whose tokens both know.
            edge.key = self.gateways[0].key if self.gateways else edge.key
            (edge.folder / "ramet.toml").write_text(TOML)
            self.gateways.append(edge)
            self.limiters.append(self.limit(edge))
            edge.start()
        return self

    def limit(self, edge: Edge) -> subprocess.Popen[bytes]:
        socket = edge.topology.rate_socket
        with (edge.folder / "ratelimit.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", ENTRY, "ratelimit", "--listen", str(socket)],
                cwd=edge.folder,
                env={**os.environ, "RATES": self.redis.url, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )
        eventually(socket.is_socket, within=30, what="the rate limiter serves")
        return process

    def stop(self) -> None:
        for process in self.limiters:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        for edge in self.gateways:
            edge.stop()

    def ask(self, count: int, path: str = PRODUCTS, **headers: str) -> list[Answer]:
        """So many answers, from the two gateways in turn."""
        return [self.gateways[number % 2].get(path, **headers) for number in range(count)]

    def statuses(self, count: int, path: str = PRODUCTS, **headers: str) -> list[int]:
        return [answer.status for answer in self.ask(count, path, **headers)]

    def logged(self) -> str:
        return "".join((edge.folder / "ratelimit.log").read_text() for edge in self.gateways)

    def let_pass(self) -> int:
        """How many requests passed because nobody answered."""
        lines = [
            line
            for edge in self.gateways
            for line in edge.admin("GET /stats?filter=failure_mode_allowed").splitlines()
        ]
        return sum(int(line.split()[-1]) for line in lines if b"failure_mode_allowed:" in line)


@pytest.fixture(scope="module")
def running() -> Iterator[Pair]:
    redis = RedisServer().start()
    pair = Pair(redis)
    try:
        yield pair.start()
    finally:
        pair.stop()
        redis.stop()


@pytest.fixture
def pair(running: Pair) -> Pair:
    """Both gateways with a Redis that has counted nothing; take new addresses and users."""
    running.redis.client.flushall()
    return running


_numbers = itertools.count(1)


def somewhere() -> dict[str, str]:
    """An address that nobody else has."""
    number = next(_numbers)
    return {"X_Forwarded_For": f"10.200.{number // 250}.{number % 250}"}


def test_two_gateways_admit_together_what_one_would(pair: Pair) -> None:
    answers = pair.ask(13, **somewhere())
    assert [answer.status for answer in answers] == [200] * 10 + [429] * 3
    for answer in answers[10:]:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "Too Many Requests"
        assert answer.headers.get_all("retry-after") == ["360"]
        assert answer.headers.get_all("ratelimit") == ['"address";r=0;t=360']
        assert answer.headers.get_all("x-ratelimit-remaining") == ["0"]
    first = answers[0].headers
    assert first.get_all("ratelimit-policy") == ['"address";q=10;w=3600']
    assert first.get_all("ratelimit") == ['"address";r=9;t=360']
    assert first.get_all("x-ratelimit-remaining") == ["9"]
    assert first["x-ratelimit-limit"] == "10, 10;w=3600"
    assert first["retry-after"] is None


def test_another_address_has_its_own_count_and_an_ipv6_network_is_one(pair: Pair) -> None:
    assert pair.statuses(11, **somewhere())[-1] == 429
    networks = [[f"2001:db8:0:{n}::{host}" for host in range(11)] for n in (1, 2)]
    for network in networks:
        found = [pair.ask(1, X_Forwarded_For=address)[0].status for address in network]
        assert found == [200] * 10 + [429]


def test_a_user_is_counted_wherever_the_token_is_used(pair: Pair) -> None:
    """At both gateways, from whatever address, with whatever token of the same user."""

    def asks(user: str, path: str, count: int) -> list[int]:
        tokens = [pair.gateways[0].token(subject=user, scopes=[f"s-{n}"]) for n in range(count)]
        headers = [{"Authorization": f"Bearer {token}", **somewhere()} for token in tokens]
        return [
            pair.gateways[number % 2].get(path, **each).status
            for number, each in enumerate(headers)
        ]

    assert asks("alice", PRODUCTS, 6) == [200] * 4 + [429] * 2
    # The rate of orders instead of the gateway's, and another user.
    assert asks("alice", ORDERS, 8) == [200] * 6 + [429] * 2
    assert asks("bob", PRODUCTS, 2) == [200] * 2


def test_nobody_chooses_whom_a_request_is_counted_for(pair: Pair) -> None:
    address = somewhere()["X_Forwarded_For"]
    claims = [
        {"X_Forwarded_For": f"198.51.100.{number}, {address}", "X_Ramet_User": f"user-{number}"}
        for number in range(12)
    ]
    assert [pair.ask(1, **claim)[0].status for claim in claims] == [200] * 10 + [429] * 2
    assert len(pair.redis.client.keys("*")) == 1


def test_what_is_kept_ends_by_itself_and_names_nobody(pair: Pair) -> None:
    edge = pair.gateways[0]
    where = somewhere()
    edge.get(ORDERS, Authorization=f"Bearer {edge.token(subject='carol')}", **where)
    keys = pair.redis.client.keys("*")
    assert sorted(key.rpartition(b":")[0] for key in keys) == [
        b"ramet:{shop}:rate:gateway:address",
        b"ramet:{shop}:rate:orders:user",
    ]
    assert all(0 < pair.redis.client.ttl(key) <= 3600 for key in keys)
    for told in (*keys, pair.logged().encode()):
        assert b"carol" not in told
        assert where["X_Forwarded_For"].encode() not in told


@pytest.mark.timeout(240)
def test_redis_is_killed_and_started_again_under_load(
    pair: Pair, eventually: Callable[..., Any]
) -> None:
    """No request fails; each gateway limits by itself meanwhile, and both together afterwards."""
    found: Counter[int] = Counter()
    done = threading.Event()

    def load(edge: Edge, number: int) -> None:
        count = 0
        while not done.is_set():
            count += 1
            address = f"10.{number}.{count % 250}.{count // 250 % 250}"
            found[edge.get(PRODUCTS, X_Forwarded_For=address).status] += 1

    with ThreadPoolExecutor() as threads:
        running = [threads.submit(load, edge, n) for n, edge in enumerate(pair.gateways * 2)]
        try:
            eventually(lambda: found[200] > 100, within=30)
            before = pair.let_pass()
            pair.redis.kill()
            eventually(lambda: pair.let_pass() > before + 50, within=30, what="requests pass")
            where = somewhere()
            # Ten at each of the two, by their own buckets.
            assert Counter(pair.statuses(26, **where)) == {200: 20, 429: 6}
            pair.redis.start()
            eventually(lambda: _counts_together(pair), within=30, every=0.3)
        finally:
            done.set()
        for each in running:
            each.result()
    assert set(found) == {200}
    for edge in pair.gateways:
        told = (edge.folder / "ratelimit.log").read_text()
        assert told.count("ratelimit.store_away") == 1
        assert told.count("ratelimit.store_back") == 1


def test_a_rate_limiter_that_is_killed_or_stands_still_holds_up_nobody(
    pair: Pair, eventually: Callable[..., Any]
) -> None:
    edge, limiter = pair.gateways[0], pair.limiters[0]
    limiter.send_signal(signal.SIGSTOP)
    before = pair.let_pass()
    assert [edge.get(PRODUCTS, **somewhere()).status for _ in range(8)] == [200] * 8
    assert pair.let_pass() == before + 8

    def is_left_out() -> bool:
        """Whether a request passed without waiting, as the only host had failed too often."""
        assert edge.get(PRODUCTS, **somewhere()).status == 200
        told = edge.admin("GET /stats?filter=cluster.ratelimit.upstream_cx_none_healthy")
        [count] = re.findall(rb"upstream_cx_none_healthy: (\d+)", told)
        return int(count) > 0

    eventually(is_left_out)
    limiter.kill()
    limiter.wait(10)
    where = somewhere()
    assert [edge.get(PRODUCTS, **where).status for _ in range(11)] == [200] * 10 + [429]
    edge.topology.rate_socket.unlink()
    pair.limiters[0] = pair.limit(edge)
    eventually(lambda: _counts_together(pair), within=30, every=0.3)


def _counts_together(pair: Pair) -> bool:
    return pair.statuses(11, **somewhere()) == [200] * 10 + [429]


class Foreign:
    """Another service of the protocol, which refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.code = protocol.Code.OK
        self.headers: dict[str, str] = {}
        self._server = grpc.server(ThreadPoolExecutor())
        self._server.add_generic_rpc_handlers([protocol.handler(self.answer)])
        self.url = f"http://127.0.0.1:{ports.unused()}"
        self._server.add_insecure_port(self.url.removeprefix("http://"))
        self._server.start()

    def answer(self, request: Any, _: object) -> Any:
        self.asked.append(request)
        headers = [protocol.Header(key=key, value=value) for key, value in self.headers.items()]
        return protocol.Response(overall_code=self.code, response_headers_to_add=headers)

    def stop(self) -> None:
        self._server.stop(0).wait()


def test_a_foreign_service_is_asked_what_its_exported_configuration_names() -> None:
    foreign = Foreign()
    edge = Edge(
        gateway={**BALANCED, "rate_by_address": Rate(10, 60)},
        services={"orders": {"rate_by_user": Rate(60, 3600)}},
        infrastructure=Infrastructure(rates=foreign.url),
        rate_service=foreign.url,
    ).start()
    try:
        alice = {"Authorization": f"Bearer {edge.token(subject='alice')}"}
        assert edge.get(ORDERS, X_Forwarded_For="192.0.2.7", **alice).status == 200
        [request] = foreign.asked
        sent = [[(each.key, each.value) for each in d.entries] for d in request.descriptors]
        assert sent == [
            [("generic_key", "gateway"), ("masked_remote_address", "192.0.2.7/32")],
            [("generic_key", "orders"), ("user", "alice")],
        ]
        exported = configuration(edge.system)
        assert request.domain == exported["domain"]
        known = {
            (outer["key"], outer["value"], inner["key"])
            for outer in exported["descriptors"]
            for inner in outer["descriptors"]
        }
        assert known == {(*first, second[0]) for first, second in sent}

        foreign.code = protocol.Code.OVER_LIMIT
        refused = edge.get(ORDERS, X_Forwarded_For="192.0.2.8")
        assert refused.status == 429
        assert refused.headers.get_all("retry-after") == ["60"]
        assert refused.json()["title"] == "Too Many Requests"
        foreign.headers = {"retry-after": "7"}
        refused = edge.get(ORDERS, X_Forwarded_For="192.0.2.9")
        assert refused.headers.get_all("retry-after") == ["7"]
    finally:
        edge.stop()
        foreign.stop()
