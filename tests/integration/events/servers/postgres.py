"""A PostgreSQL of its own: the one that the tests share must not be killed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from ramet.events.brokers import Broker
from ramet.events.brokers.postgres import PostgresBroker, tables
from ramet.tools.local.postgres import Postgres
from tests.integration.events.servers.server import TYPE, Server


class PostgresServer(Server):
    name = "postgres"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._server = Postgres(folder / "data", folder / "run", folder / "server.log")

    def start(self) -> None:
        self._server.start()
        self.process = self._server.process
        if not hasattr(self, "url"):
            self.url = self._server.create_database("broker")

    def put(self, broker: Broker, body: bytes, type_name: str = TYPE) -> None:
        assert isinstance(broker, PostgresBroker)
        system = broker._system
        with psycopg.connect(self.url) as connection:
            connection.execute(tables.MAKE_STREAM, [system])
            row = connection.execute(tables.TAKE_NUMBERS, [1, system]).fetchone()
            assert row is not None
            connection.execute(
                tables.APPEND, [system, [row[0]], [uuid.uuid4()], [type_name], [""], [body]]
            )

    @contextmanager
    def refusing(self) -> Iterator[str]:
        user, _, rest = self.url.partition("@")
        yield f"{user.rpartition(':')[0]}:wrong@{rest}"

    def end(self) -> None:
        self._server.destroy()
