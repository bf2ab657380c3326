"""nats-server from its wheel, with JetStream."""

from __future__ import annotations

import sys
from pathlib import Path

from ramet.events.brokers import Broker
from ramet.events.brokers.nats import NatsBroker
from ramet.tools.local import ports
from tests.integration.events.servers.server import TYPE, Server, await_port


class NatsServer(Server):
    name = "nats"
    too_large = 2_000_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = ports.unused()
        self.url = f"nats://ramet:secret@127.0.0.1:{self.port}"
        self._config = folder / "nats.conf"
        self._config.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{folder / "store"}", sync_interval: always }}\n'
            'authorization { user: "ramet", password: "secret" }\n'
        )

    def start(self) -> None:
        self.spawn(Path(sys.executable).with_name("nats-server"), "-c", self._config)
        await_port(self.port)

    def put(self, broker: Broker, body: bytes, type_name: str = TYPE) -> None:
        assert isinstance(broker, NatsBroker)

        async def publish() -> None:
            client = await broker._connected()
            await client.jetstream().publish(broker.subject("orders", type_name), body)

        broker._run(publish())
