"""A real redis-server for rates: nothing on disk, killed and started again at the same port."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from ramet.tools.local import ports
from tests.conftest import eventually


class RedisServer:
    def __init__(self) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("no redis-server here: apt-get install redis-server")
        self.folder = Path(tempfile.mkdtemp(prefix="ramet-redis-", dir="/tmp"))
        self.port = ports.unused()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = Redis.from_url(self.url)

    def start(self) -> "RedisServer":
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "dir": str(self.folder)}
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.DEVNULL)
        eventually(self._answers, within=15, what="redis-server answers")
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.kill()
        self.client.close()
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False
