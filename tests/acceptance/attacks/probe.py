"""A service of the attacked shop that is not Django: it tells what of a request has arrived.

Started by `ramet up` as a program of its own, so it imports nothing of the tests. `/probe/...` is
answered with the request as JSON; `/probe/503/...` with that status. What arrives is also written
down in `probe.jsonl` of the system's folder, one line a request.
"""

import json
import os
import re
import socketserver
from http.server import BaseHTTPRequestHandler
from pathlib import Path

JOURNAL = Path("probe.jsonl")


class Handler(BaseHTTPRequestHandler):
    """Answers every method alike."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        arrived = {
            "method": self.command,
            "target": self.path,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
            "body": body.decode("latin-1"),
        }
        with JOURNAL.open("a") as journal:
            journal.write(json.dumps(arrived) + "\n")
        wanted = re.match(r"/probe/(\d{3})/", self.path)
        content = json.dumps(arrived).encode()
        self.send_response(int(wanted[1]) if wanted else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *args: object) -> None:
        """Silence: the journal has it."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """On the socket that `ramet up` names."""

    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    path = os.environ["RAMET_SOCKET"]
    os.umask(0o177)
    Server(path, Handler).serve_forever()
