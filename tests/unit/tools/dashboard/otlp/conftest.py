"""The three routes behind a real server."""

import socket
import threading

import pytest
import uvicorn
from starlette.applications import Starlette

from ramet.tools.dashboard import otlp
from ramet.tools.dashboard.store import Store
from tests.conftest import eventually


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path / "telemetry.db")
    yield opened
    opened.close()


@pytest.fixture
def collector(store):
    """The base URL of a server that takes OTLP into `store`."""
    config = uvicorn.Config(
        Starlette(routes=otlp.routes(store)), log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        eventually(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
