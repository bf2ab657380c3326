"""Requests from this server to the OpenID provider, past the browser.

Where the provider lives in this very process, the request is handed to Django directly: one over
HTTP would need a second free thread of the same server, and a few simultaneous sign-ins, all
waiting for themselves, would stop it.
"""

import http.client
import socket
import sys
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponse

from ramet.placement import here

TIMEOUT_SECONDS = 5.0
_LONGEST_ANSWER = 256 * 1024
_FORM = "application/x-www-form-urlencoded"


class ProviderUnavailable(Exception):
    """The provider did not answer, or not with what its protocol promises."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said."""

    status: int
    body: bytes


def ask(url: str, form: dict[str, str] | None = None) -> Answer:
    """POST `form` to the provider's public `url`, or GET it where there is no form.

    Within five seconds, or ProviderUnavailable. A provider that is a service of this system is
    reached where that service lives; the address that browsers use is only its name.
    """
    service = here().system.gateway.issuer
    body = urlencode(form).encode() if form is not None else None
    if service is not None and here().has(service):
        # An empty context: the inner request must not see, or clear, the caller of the outer one.
        return Context().run(_in_this_process, url, body)
    address = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    if service in here().system.services:
        address = here().environment.mesh_url(service) or address
    return _over_http(_connection(address), url, body)


# ── over HTTP ─────────────────────────────────────────────────────────────────────────────────


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(address: str) -> http.client.HTTPConnection:
    if address.startswith("unix:"):
        return _UnixConnection(address.removeprefix("unix:"))
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.netloc, timeout=TIMEOUT_SECONDS)


def _over_http(connection: http.client.HTTPConnection, url: str, body: bytes | None) -> Answer:
    parts = urlsplit(url)
    headers = {"Host": parts.netloc, "Accept": "application/json", "Connection": "close"}
    if body is not None:
        headers["Content-Type"] = _FORM
    try:
        connection.request("GET" if body is None else "POST", _target(url), body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.read(_LONGEST_ANSWER))
    except (OSError, http.client.HTTPException) as error:
        raise ProviderUnavailable(f"no answer from {parts.path}: {error}") from error
    finally:
        connection.close()


def _target(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


# ── in this process ───────────────────────────────────────────────────────────────────────────


@cache
def _django() -> WSGIHandler:
    return WSGIHandler()


def _in_this_process(url: str, body: bytes | None) -> Answer:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": "" if body is None else _FORM,
        "CONTENT_LENGTH": str(len(body or b"")),
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "HTTP_ACCEPT": "application/json",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(body or b""),
        "wsgi.errors": sys.stderr,
    }
    # Not by calling the handler as WSGI does: its signals of a request begun and finished would
    # let Django tidy up the database connection that the outer request is still using.
    response = _django().get_response(WSGIRequest(environ))
    assert isinstance(response, HttpResponse)  # what a provider says is never streamed
    return Answer(response.status_code, response.content)
