"""A service that is not Django, and engines of the user's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ramet.tools.local.folder import Folder
from ramet.tools.local.postgres import Postgres

from .conftest import Pair, alive, wait_for

pytestmark = pytest.mark.timeout(240)

SERVER = """
import http.server, os, socketserver

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"parcels of {os.environ['RAMET_INSTANCE']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "gateway"

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

Server(os.environ["RAMET_SOCKET"], Handler).serve_forever()
"""


def test_any_program_that_serves_http_on_its_socket_is_a_service(pair: Pair) -> None:
    import sys

    pair.write("parcels.py", SERVER)
    pair.change(
        "ramet.toml",
        "[gateway]",
        f'[services.parcels]\ncommand = ["{sys.executable}", "parcels.py"]\n'
        'routes = ["/parcels/"]\n\n[gateway]',
    )
    pair.up()

    assert pair.get("/parcels/") == (200, "parcels of parcels-web")
    assert pair.get("/left/")[0] == 200
    pid = pair.process("parcels-web")["pid"]
    pair.ramet("restart", "parcels")
    wait_for(lambda: pair.get("/parcels/")[0] == 200, "it answers again")
    assert pair.process("parcels-web")["pid"] != pid

    everybody = pair.everybody()
    pair.ramet("down")
    assert alive(everybody) == []


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Postgres]:
    folder = Folder(tmp_path / "own")
    server = Postgres(tmp_path / "own" / "postgres", folder.run, tmp_path / "own.log")
    server.start()
    yield server
    server.destroy()
    folder.clear_run()


def test_a_postgres_of_ones_own_gets_a_database_per_service(
    pair: Pair, own_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_POSTGRES", own_server.superuser_url)
    pair.change(
        "ramet.toml", "[gateway]", '[infrastructure]\npostgres = "$OUR_POSTGRES"\n\n[gateway]'
    )
    state = pair.up()

    assert pair.get("/left/backend/")[1]["found"][2] == "pair_left"
    assert "postgres" not in {entry["role"] for entry in state["processes"]}
    assert set(state["databases"]) == {"left", "right"}
