"""Asking a provider that lives elsewhere: over a Unix socket or TCP, and not for ever."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ramet.placement import here
from shop.storefront.sign_in import back_channel
from shop.storefront.sign_in.back_channel import ProviderUnavailable, ask


class Provider(BaseHTTPRequestHandler):
    """Says what it was asked."""

    wait: threading.Event | None = None

    def do_POST(self) -> None:
        if self.wait is not None:
            self.wait.wait(10)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = f"{self.headers['x-ramet-service']} {self.headers['Host']}"
        said = f"{self.command} {self.path} {headers} {body.decode()}".encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST  # noqa: N815 - http.server's name

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[Path]:
    """users lives behind a Unix socket, as in the placement `services`."""
    with TemporaryDirectory(prefix="bc-") as folder:
        path = Path(folder) / "storefront.out.sock"
        environment = replace(
            here().environment, mesh_template=f"unix:{folder}/{{caller}}.out.sock"
        )
        settings.RAMET = replace(
            here(), services=frozenset({"storefront"}), environment=environment
        )
        yield path


@pytest.fixture
def provider(elsewhere: Path) -> Iterator[type[Provider]]:
    handler = type("Handler", (Provider,), {})
    with socketserver.ThreadingUnixStreamServer(str(elsewhere), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


def test_a_form_reaches_the_service_under_the_name_that_browsers_use(
    provider: type[Provider],
) -> None:
    answer = ask("http://localhost:8000/o/token/?x=1", {"code": "a b&c"})
    assert answer.status == 201
    assert answer.body == b"POST /o/token/?x=1 users localhost:8000 code=a+b%26c"


def test_without_a_form_it_is_a_get(provider: type[Provider]) -> None:
    assert ask("http://localhost:8000/o/x").body == b"GET /o/x users localhost:8000 "


def test_nobody_there_is_said(elsewhere: Path) -> None:
    with pytest.raises(ProviderUnavailable):
        ask("http://localhost:8000/o/token/", {})


def test_a_provider_that_does_not_answer_is_not_waited_for(
    provider: type[Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_channel, "TIMEOUT_SECONDS", 0.2)
    provider.wait = threading.Event()
    try:
        with pytest.raises(ProviderUnavailable):
            ask("http://localhost:8000/o/token/", {})
    finally:
        provider.wait.set()
