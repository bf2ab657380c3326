"""Debian's redis-server, with a password and every write on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from redis import Redis

from ramet.events.brokers import Broker
from ramet.events.brokers.redis import RedisBroker
from ramet.tools.local import ports
from tests.integration.events.servers.server import TYPE, Server, await_port


class RedisServer(Server):
    name = "redis"

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("no redis-server here: apt-get install redis-server")
        super().__init__(folder)
        self.port = ports.unused()
        self.url = f"redis://:secret@127.0.0.1:{self.port}/0"
        self.config = folder / "redis.conf"
        self.config.write_text(
            f"port {self.port}\nbind 127.0.0.1\nrequirepass secret\ndir {folder}\n"
            'appendonly yes\nappendfsync always\nsave ""\n'
        )

    def start(self) -> None:
        self.spawn("redis-server", self.config)
        await_port(self.port)

    def put(self, broker: Broker, body: bytes, type_name: str = TYPE) -> None:
        assert isinstance(broker, RedisBroker)
        with Redis.from_url(self.url) as client:
            client.xadd(broker.stream, {"event": body, "type": type_name})
