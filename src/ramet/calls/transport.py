"""The way of a call over HTTP: connections kept alive, one for each thread and callee.

pycurl needs about half the processor time of http.client for such a call, and enforces the deadline
over the whole exchange, which a socket timeout does not (benchmarks/calls_remote.py).
"""

import os
import select
import threading
from typing import Any

import pycurl

from ramet.calls.errors import DeadlineExceeded, RemoteError, Unavailable

__all__ = ["exchange", "post"]

_connections = threading.local()


def post(
    address: str, path: str, body: bytes, headers: list[str], *, seconds: float, repeatable: bool
) -> tuple[int, bytes]:
    """POST a body to `unix:/socket` or `http://host:port`; return the status and the answer.

    `seconds` bounds the whole exchange, the connecting included. Raises DeadlineExceeded, or
    Unavailable when there is no answer. Only if `repeatable` may the request go out a second time,
    when a connection that was kept turns out to be dead.
    """
    held: dict[str, _Connection] = _connections.__dict__
    connection = held.get(address)
    if connection is None:
        connection = held[address] = _Connection(address)
    return connection.post(path, body, headers, seconds, repeatable)


def exchange(
    address: str, method: str, target: str, body: bytes, headers: list[str], *, seconds: float
) -> tuple[int, dict[str, str], bytes]:
    """Make any request on a connection of its own; the status, the headers and the answer.

    Header names in lower case. `seconds` and errors are as of `post`.
    """
    answered: dict[str, str] = {}

    def note(line: bytes) -> None:
        name, colon, value = line.decode("latin-1").partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon:
            answered[name] = f"{answered[name]}, {value}" if name in answered else value
        elif name.startswith("http/"):
            answered.clear()  # what came before was an interim answer's (RFC 9110, section 15.2)

    curl, origin = _handle(address)
    if body:
        # As in `post`: pycurl's POSTFIELDS take no zero byte.
        curl.setopt(pycurl.POST, 1)
        curl.setopt(pycurl.POSTFIELDSIZE, len(body))
        curl.setopt(pycurl.READFUNCTION, _Body(body).read)
    if method == "HEAD":
        curl.setopt(pycurl.NOBODY, 1)
    curl.setopt(pycurl.CUSTOMREQUEST, method)
    curl.setopt(pycurl.URL, origin + target)
    curl.setopt(pycurl.PATH_AS_IS, 1)
    # Names without a value keep curl from adding its own; what `headers` says stays.
    own = ("Expect:", "Content-Type:", "Accept:", "User-Agent:")
    curl.setopt(pycurl.HTTPHEADER, [*headers, *own])
    curl.setopt(pycurl.HEADERFUNCTION, note)
    curl.setopt(pycurl.TIMEOUT_MS, max(1, int(seconds * 1000)))
    try:
        answer: bytes = curl.perform_rb()
        return curl.getinfo(pycurl.RESPONSE_CODE), answered, answer
    except pycurl.error as error:
        raise _explain(*error.args) from error
    finally:
        curl.close()


def _handle(address: str) -> tuple[Any, str]:
    """A curl handle for requests to an address, and the beginning of their URLs."""
    curl = pycurl.Curl()
    if address.startswith("unix:"):
        path = address.removeprefix("unix:")
        curl.setopt(pycurl.UNIX_SOCKET_PATH, path)
        # The socket decides where the call goes; the name is for the Host header.
        origin = f"http://{os.path.basename(path).partition('.')[0]}"
    else:
        origin = address.rstrip("/")
    curl.setopt(pycurl.PROXY, "")  # calls stay in the mesh, whatever http_proxy says
    curl.setopt(pycurl.NOSIGNAL, 1)  # signals belong to the main thread
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    return curl, origin


class _Connection:
    """One curl handle; it opens its connection when needed, and anew when that was lost."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._open()

    def _open(self) -> None:
        self._curl, self._origin = _handle(self._address)
        curl = self._curl
        curl.setopt(pycurl.POST, 1)
        # Envoy and granian close idle connections after a minute and half a minute: close first, or
        # a call that must not be sent twice meets a connection that is going away.
        curl.setopt(pycurl.MAXAGE_CONN, 20)

    def post(
        self, path: str, body: bytes, headers: list[str], seconds: float, repeatable: bool
    ) -> tuple[int, bytes]:
        if self._is_stale():
            self._forget()
        curl, outgoing = self._curl, _Body(body)
        curl.setopt(pycurl.URL, self._origin + path)
        curl.setopt(pycurl.HTTPHEADER, headers)
        curl.setopt(pycurl.TIMEOUT_MS, max(1, int(seconds * 1000)))
        curl.setopt(pycurl.POSTFIELDSIZE, len(body))
        curl.setopt(pycurl.READFUNCTION, outgoing.read)
        # curl repeats a request by itself when a kept connection dies before the first byte of the
        # answer, though the callee may have acted. It cannot repeat a body that it cannot rewind.
        if repeatable:
            curl.setopt(pycurl.SEEKFUNCTION, outgoing.seek)
        else:
            curl.unsetopt(pycurl.SEEKFUNCTION)
        try:
            answer: bytes = curl.perform_rb()
            status: int = curl.getinfo(pycurl.RESPONSE_CODE)
        except pycurl.error as error:
            self._forget()
            raise _explain(*error.args) from error
        return status, answer

    def _forget(self) -> None:
        """Have no connection any more. curl would keep a dead one, and take it for a next call."""
        self._curl.close()
        self._open()

    def _is_stale(self) -> bool:
        """Whether the other side has closed the connection that was kept.

        curl looks once a second only. Anything to read on an idle connection is its end.
        """
        kept: int = self._curl.getinfo(pycurl.LASTSOCKET)
        if kept < 0:
            return False
        poll = select.poll()
        poll.register(kept, select.POLLIN)
        return bool(poll.poll(0))


class _Body:
    """What curl sends, in pieces of its choice (CURLOPT_READFUNCTION, CURLOPT_SEEKFUNCTION)."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._sent = 0

    def read(self, size: int) -> bytes:
        piece = self._body[self._sent : self._sent + size]
        self._sent += len(piece)
        return piece

    def seek(self, offset: int, _origin: int) -> int:
        self._sent = offset  # curl seeks from the start only
        return int(pycurl.SEEKFUNC_OK)


def _explain(code: int, text: str) -> RemoteError:
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return DeadlineExceeded("no answer within the deadline")
    return Unavailable(text or f"curl error {code}")


def _forget(*_: Any) -> None:
    """After a fork: the child must not write into connections that the parent uses."""
    global _connections
    _connections = threading.local()


os.register_at_fork(after_in_child=_forget)
