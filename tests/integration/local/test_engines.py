"""The embedded engines keep what they acknowledged, and open to nobody who may not."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import nats as nats_client
import nats.errors
import psycopg
import pytest

from ramet.errors import DiagnosticError
from ramet.tools.local import processes
from ramet.tools.local.folder import Folder
from ramet.tools.local.nats import Nats
from ramet.tools.local.postgres import Postgres

from .conftest import kill, wait_for

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    # pytest's own folders may be too deep for a socket.
    folder = Folder(tmp_path)
    server = Postgres(tmp_path / "postgres", folder.run, tmp_path / "postgres.log")
    yield server
    server.destroy()
    folder.clear_run()


def _write(url: str, value: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def _read(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value")]


def test_what_was_committed_outlives_a_kill_of_the_server(server: Postgres) -> None:
    server.start()
    url = server.create_database("orders")
    _write(url, 1)
    assert server.process is not None
    kill(server.process.pid)
    server.process.wait()

    server.start()  # at once: the killed one's children may still be ending

    assert _read(url) == [1]
    assert server.create_database("orders") == url, "it is kept, as is its password"


def test_a_first_start_that_was_killed_half_way_is_done_anew(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(server, "_lock_out_public", killed)
        with pytest.raises(KeyboardInterrupt):
            server.start()

    server.start()

    url = server.create_database("orders")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url.replace("@/orders", "@/template1"))
    assert not (server.home / "data.new").exists()


def test_a_server_left_by_a_killed_supervisor_is_ended_first(server: Postgres) -> None:
    server.start()
    url = server.create_database("orders")
    _write(url, 1)
    assert server.process is not None
    left = server.process

    second = Postgres(server.home, server.socket_dir, server.log)
    try:
        second.start()
        assert left.poll() is not None
        assert _read(url) == [1]
    finally:
        second.stop()


def test_a_pid_file_that_names_a_stranger_does_not_keep_it_from_starting(server: Postgres) -> None:
    server.start()
    url = server.create_database("orders")
    server.stop()
    pid_file = server.home / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{server.home / 'data'}\n")

    server.start()

    _write(url, 2)
    assert processes.started(os.getpid()) is not None


def test_it_says_why_it_does_not_start(server: Postgres) -> None:
    server.start()
    server.stop()
    with (server.home / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")

    with pytest.raises(DiagnosticError) as caught:
        server.start()

    assert caught.value.mistakes[0].reference == "postgres-did-not-start"
    assert "no_such_setting" in str(caught.value)


def test_it_listens_on_no_port_and_asks_for_a_password(server: Postgres) -> None:
    import psutil

    server.start()
    url = server.create_database("orders")
    assert server.process is not None
    assert psutil.Process(server.process.pid).net_connections("inet") == []
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(url.split(":")[2].split("@")[0], "wrong"))
    with psycopg.connect(url) as connection:
        for setting, expected in (("fsync", "on"), ("full_page_writes", "on")):
            assert connection.execute(f"SHOW {setting}").fetchone() == (expected,)
    if os.geteuid() == 0:
        assert psutil.Process(server.process.pid).uids().real != 0


def test_a_role_may_not_make_databases_or_roles(server: Postgres) -> None:
    server.start()
    url = server.create_database("orders")
    for statement in ("CREATE DATABASE more", "CREATE ROLE more", "ALTER SYSTEM SET fsync = off"):
        with (
            psycopg.connect(url, autocommit=True) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_a_role_has_no_rights_but_to_its_own_database(server: Postgres) -> None:
    server.start()
    urls = server.create_databases(["orders", "payments"])
    with psycopg.connect(urls["orders"], autocommit=True) as connection:
        may = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        )
        assert may.fetchone() == (False,) * 5
        assert connection.execute(
            "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
        ).fetchone() == (0,)
        for statement in ("SET ROLE payments", "SELECT pg_read_file('postgresql.conf')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    for database in ("payments", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(urls["orders"].replace("@/orders", f"@/{database}"))


def test_no_password_gets_into_the_servers_log(server: Postgres) -> None:
    server.start()
    url = server.create_database("orders")
    password = url.split(":")[2].split("@")[0]
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE orders RENAME TO former")
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("SELECT pg_reload_conf()")
        wait_for(
            lambda: connection.execute("SHOW log_statement").fetchone() == ("all",), "it logs all"
        )
    server.create_database("orders")
    log = server.log.read_text()
    assert "CREATE ROLE" in log
    assert password not in log


def test_a_path_that_no_socket_fits_is_refused_at_once(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("as root, the socket is in the account's own short folder")
    with pytest.raises(DiagnosticError, match="socket-path-too-long"):
        Postgres(tmp_path / "postgres", tmp_path / ("deep" * 30), tmp_path / "log")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Nats]:
    broker = Nats(tmp_path / "nats", tmp_path / "nats.log")
    broker.launch()
    wait_for(broker.is_ready, "the broker is ready")
    yield broker
    broker.stop()


def test_an_acknowledged_message_outlives_a_kill_of_the_broker(broker: Nats) -> None:
    async def publish() -> None:
        client = await nats_client.connect(broker.url())
        await client.jetstream().add_stream(name="events", subjects=["events.>"])
        for number in range(20):
            await client.jetstream().publish("events.placed", str(number).encode())
        assert broker.process is not None
        kill(broker.process.pid)
        await client.close()

    async def count() -> int:
        client = await nats_client.connect(broker.url())
        try:
            return (await client.jetstream().stream_info("events")).state.messages
        finally:
            await client.close()

    asyncio.run(publish())
    assert broker.process is not None
    broker.process.wait()
    broker.launch()
    wait_for(broker.is_ready, "the broker is ready again")

    assert asyncio.run(count()) == 20
    assert '"sync_interval": "always"' in (broker.folder / "nats.conf").read_text()


def test_the_broker_is_closed_to_who_has_no_password(broker: Nats) -> None:
    async def connect() -> None:
        await nats_client.connect(
            f"nats://127.0.0.1:{broker.port}", allow_reconnect=False, connect_timeout=2
        )

    with pytest.raises(nats.errors.Error):
        asyncio.run(connect())
    import psutil

    assert broker.process is not None
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(broker.process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]
