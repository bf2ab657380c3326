"""Everything through PgBouncer in transaction mode: no LISTEN, no session of one's own."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Databases
from tests.integration.events.conftest import NatsServer
from tests.integration.fire.conftest import environment_of
from tests.integration.fire.judge import violations
from tests.integration.fire.pgbouncer import POOL, PgBouncer
from tests.integration.sagas.conftest import Host

pytestmark = pytest.mark.skipif(
    PgBouncer.binary() is None, reason="no PgBouncer here (apt-get install pgbouncer)"
)


@pytest.fixture(scope="module")
def bouncer(postgres: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PgBouncer]:
    server = PgBouncer(postgres.create_database("pooled"), tmp_path_factory.mktemp("pgbouncer"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def pooled(
    bouncer: PgBouncer,
    nats_server: NatsServer,
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Host]:
    environment = environment_of(bouncer.url, nats_server.url, root)
    log = tmp_path_factory.mktemp("pooled") / "log"
    host = Host(environment, log, module="tests.integration.fire.host")
    yield host
    host.close()


@pytest.mark.parametrize("broker", [True, False])
def test_events_are_published_sent_received_and_worked_off(pooled: Host, broker: bool) -> None:
    found = pooled.order("crash", place="nowhere", broker=broker)
    assert (found["first"], found["second"]) == (0, 0)
    assert violations(found) == []
    assert "events.behind_a_pooler" in pooled.log()


@pytest.mark.parametrize("place", ["relay.after-send", "receiver.before-commit", "inbox.handled"])
@pytest.mark.parametrize(("deed", "first"), [("die", -signal.SIGKILL), ("cut", 0)])
def test_a_death_and_a_lost_database_change_nothing(
    pooled: Host, place: str, deed: str, first: int
) -> None:
    found = pooled.order("crash", place=place, deed=deed)
    assert (found["first"], found["second"]) == (first, 0)
    assert violations(found) == []


def test_transactions_of_one_key_wait_for_each_other(pooled: Host) -> None:
    found = pooled.order("overlap")
    assert found["overlaps"]
    assert found["effects"] == found["commits"]


def test_sagas_run_and_resume(pooled: Host) -> None:
    found = pooled.order("saga", saga="Journey", state={}, place="after:reserve")
    assert (found["first"], found["status"]) == (-signal.SIGKILL, "completed")
    assert found["effects"] == ["open", "reserve", "authorise", "decide", "capture", "confirm"]


def test_no_connection_of_the_pool_is_left_listening(pooled: Host, bouncer: PgBouncer) -> None:
    """It would notify whichever program has it next, and that one would keep it all."""
    pooled.order("crash", place="nowhere")
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(psycopg.connect(bouncer.url, prepare_threshold=None))
            for _ in range(POOL)
        ]
        for client in clients:  # each in a transaction, so each on a server connection of its own
            assert client.execute("SELECT pg_listening_channels()").fetchall() == []
