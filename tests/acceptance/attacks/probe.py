"""A service of the attacked shop that is not Django: it tells what of a request has arrived.

Started by `ramet up` as a program of its own, so it imports nothing of the tests. `/probe/...` is
answered with the request as JSON. Some paths are failures that take a moment, as real ones do:
`/probe/503/...` ends with that status, `/probe/hangs-up/...` without any answer. What arrives is
written down in `probe.jsonl` of the system's folder, one line a request.
"""

import json
import os
import re
import socketserver
import time
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
        failure = re.match(r"/probe/(503|hangs-up)/", self.path)
        if failure:
            time.sleep(0.3)
        if failure and failure[1] == "hangs-up":
            self.close_connection = True
            return
        content = json.dumps(arrived).encode()
        self.send_response(503 if failure else 200)
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
