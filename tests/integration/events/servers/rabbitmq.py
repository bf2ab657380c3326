"""Debian's rabbitmq-server as a node of its own: own name, own port mapper, own folders."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pika
import pytest

from ramet.events.brokers import Broker
from ramet.events.brokers.rabbitmq import RabbitBroker
from ramet.tools.local import ports
from tests.conftest import eventually
from tests.integration.events.servers.server import TYPE, Server, await_port, listens

BINARY = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Not the wrapper in /usr/sbin, which changes to an account that cannot write here."""


class RabbitServer(Server):
    name = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        if not BINARY.exists() or shutil.which("epmd") is None:
            pytest.skip("no rabbitmq-server here: apt-get install rabbitmq-server")
        super().__init__(folder)
        self.port, self._mapper_port, mesh = ports.unused(), ports.unused(), ports.unused()
        self.url = f"amqp://ramet:secret@127.0.0.1:{self.port}/"
        (folder / "rabbitmq.conf").write_text(
            "default_user = ramet\ndefault_pass = secret\nlog.console = true\n"
            "log.console.level = warning\n"
        )
        (folder / "plugins").write_text("[].\n")
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"ramet{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(mesh),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        self._mapper: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._mapper is None:
            # Erlang would leave one behind as a daemon.
            self._mapper = subprocess.Popen(
                ["epmd", "-port", str(self._mapper_port), "-address", "127.0.0.1"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            await_port(self._mapper_port)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [BINARY], stdout=log, stderr=log, env=self._environment, start_new_session=True
            )
        await_port(self.port, within=60)

    def settle(self) -> None:
        """RabbitMQ 3.10 writes the list of its quorum queues to disk minutes after one was made,
        and forgets those that are not on it: what they held is lost (docs/reference/brokers.md)."""
        flush = "[ok = dets:sync(each) || each <- dets:all()]."
        subprocess.run(
            [
                *(BINARY.with_name("rabbitmqctl"), "-n", self._environment["RABBITMQ_NODENAME"]),
                *("eval", flush.replace("each", "Each")),
            ],
            env=self._environment,
            check=True,
            timeout=30,
            stdout=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """With the helpers that the node has started, which are in its process group."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
        super().kill()
        # The process that was waited for is a shell; the node beside it may live a moment longer.
        eventually(lambda: not listens(self.port), what="the node has gone")

    def end(self) -> None:
        self.kill()
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait()

    def put(self, broker: Broker, body: bytes, type_name: str = TYPE) -> None:
        assert isinstance(broker, RabbitBroker)
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        connection.channel().basic_publish(broker.exchange, type_name, body)
        connection.close()
