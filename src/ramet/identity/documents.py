"""Fetch a JSON document of the issuer's, over HTTP or a Unix socket, within bounds.

Who answers is outside of our control: so the answer's size and the time of the whole fetch are
bounded, not only the time of each step, and no redirect is followed.
"""

import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import Any
from urllib.parse import unquote, urlsplit

from ramet.identity.claims import KeysUnavailable

__all__ = ["LARGEST_BYTES", "NotThere", "fetch"]

LARGEST_BYTES = 256 * 1024
_STEP_SECONDS = 2.0
_WHOLE_SECONDS = 5.0
# unix:/run/shop/keys.sock/o/.well-known/jwks.json: the socket's name ends with .sock
_UNIX = re.compile(r"^unix:(?://)?(?P<socket>/.+?\.sock)(?P<path>/.*)$")


class NotThere(KeysUnavailable):
    """Somebody answered, and it was not 200: the document may be somewhere else."""


def fetch(url: str) -> Any:
    """The JSON document at `url`; KeysUnavailable, naming the address and the cause, otherwise.

    `url` is http://, https://, unix:<socket>.sock/<path> or http+unix://<quoted socket>/<path>; a
    service before the socket ("users@") is whom the mesh is to ask (header x-ramet-service).
    Certificates are checked with the machine's authorities. Takes 2 s for each step of the network
    at most, and 5 s for all of them once there is a connection.
    """
    connection, path = _connection(url)
    headers = {"Accept": "application/json"}
    if service := urlsplit(url).username:
        headers["x-ramet-service"] = service
    try:
        connection.connect()
        with _limited(connection.sock):
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read(LARGEST_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        # Some have no text of their own, such as a connection that was closed too early.
        raise KeysUnavailable(f"{url}: {str(error) or type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise NotThere(f"{url} answered {answer.status}")
    if len(body) > LARGEST_BYTES:
        raise KeysUnavailable(f"{url} answered more than {LARGEST_BYTES} bytes")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise KeysUnavailable(f"{url} answered something that is not JSON") from None


@contextmanager
def _limited(connected: socket.socket) -> Iterator[None]:
    """Cut the connection when the block takes too long; TimeoutError then.

    A server that sends one byte a second keeps every single step short.
    """
    is_late = Event()

    def cut() -> None:
        is_late.set()
        with suppress(OSError):  # gone already
            # Not SSLSocket.shutdown, which is not meant for a thread beside the reading one.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = Timer(_WHOLE_SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError):
        if not is_late.is_set():
            raise
    finally:
        timer.cancel()
    if is_late.is_set():  # also where what came looks like an answer that has ended
        raise TimeoutError(f"took longer than {_WHOLE_SECONDS:g} s")


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    if unix := _UNIX.match(url):
        return _UnixConnection(unix["socket"]), unix["path"]
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_address(url) from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http+unix":
        return _UnixConnection(unquote(parts.netloc.rpartition("@")[2])), path
    if parts.scheme == "https" and parts.hostname:
        return _TlsConnection(parts.hostname, port, timeout=_STEP_SECONDS), path
    if parts.scheme == "http" and parts.hostname:
        return http.client.HTTPConnection(parts.hostname, port, timeout=_STEP_SECONDS), path
    raise _no_address(url)


def _no_address(url: str) -> KeysUnavailable:
    return KeysUnavailable(
        f"{url!r} is no address of a key set: expected http://, https://, "
        "unix:/path.sock/path or http+unix://"
    )


class _UnixConnection(http.client.HTTPConnection):
    """HTTP/1.1 over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_STEP_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_STEP_SECONDS)
        self.sock.connect(self._path)


class _TlsConnection(http.client.HTTPConnection):
    """HTTP/1.1 over TLS; the handshake is left to the caller, because it too may be dribbled."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
