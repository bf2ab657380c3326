"""An HTTP server of one thread on loopback that answers as a test says, and counts."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


class Provider:
    """`answers` by path: a document, a status, or a function that is given the handler."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                answer = provider.answers.get(self.path, 404)
                if isinstance(answer, Callable):
                    answer(self)
                elif isinstance(answer, int):
                    self.send_error(answer)
                else:
                    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Silence."""

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.url = f"https://localhost:{self.server.server_address[1]}"


class _Server(HTTPServer):
    def handle_error(self, *args: object) -> None:
        """A client that hangs up; the test sees it on its own side."""


@contextmanager
def answering(certificate: Path | None = None) -> Iterator[Provider]:
    """A server that is gone afterwards; over TLS where there is a certificate."""
    provider = Provider(certificate)
    thread = threading.Thread(target=provider.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join(10)
