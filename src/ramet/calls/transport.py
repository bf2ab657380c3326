"""The way of a call over HTTP: connections kept alive, one for each thread and callee.

The other side is Envoy or a web process of Ramet, and a request is one small POST. So this speaks
just the HTTP/1.1 that such an exchange needs (RFC 9112), on a bare socket: four system calls, and
less processor time than pycurl or http.client (benchmarks/calls_remote.py). It enforces the
deadline over the whole exchange, which a socket's timeout does not, and never sends a request
twice: repeating is for the mesh, which knows which operations allow it.
"""

import os
import select
import socket
import threading
import time
from urllib.parse import urlsplit

from ramet.calls.errors import DeadlineExceeded, Unavailable

__all__ = ["post"]

_LONGEST_HEAD = 64 * 1024
# Envoy and granian close idle connections after a minute and half a minute: close first, or a call
# meets a connection that is going away.
_LONGEST_IDLE = 20.0
_PIECE = 64 * 1024
_connections = threading.local()


def post(
    address: str, path: str, body: bytes, headers: list[str], *, seconds: float
) -> tuple[int, bytes]:
    """POST a body to `unix:/socket` or `http(s)://host:port`; return the status and the answer.

    `headers` are lines without their end. `seconds` bounds the whole exchange, the connecting
    included (but not the look-up of a host's name). Raises DeadlineExceeded, and Unavailable when
    no answer arrives; in both cases the request may have been acted upon.
    """
    limit = time.monotonic() + seconds
    held: dict[str, _Connection] = _connections.__dict__
    connection = held.pop(address, None)
    if connection is not None and not connection.is_usable():
        connection.close()
        connection = None
    if connection is None:
        kind = _TLSConnection if address.startswith("https:") else _Connection
        connection = kind(address, limit)
    try:
        status, answer = connection.exchange(path, body, headers, limit)
    except OSError as error:
        connection.close()
        raise Unavailable(f"no answer from {address}: {error}") from error
    except BaseException:  # a late answer must not meet the next request
        connection.close()
        raise
    if connection.ends:
        connection.close()
    else:
        held[address] = connection
    return status, answer


def _forget() -> None:
    """After a fork: the child must not write into connections that the parent uses."""
    global _connections
    _connections = threading.local()


os.register_at_fork(after_in_child=_forget)


class _Connection:
    """One open connection, and what was read from it beyond the last answer (nothing, normally)."""

    def __init__(self, address: str, limit: float) -> None:
        try:
            self._socket, host = _connect(address, limit)
        except TimeoutError:
            raise DeadlineExceeded(f"{address} accepted no connection in time") from None
        except OSError as error:
            raise Unavailable(f"{address} accepts no connection: {error}") from error
        self._socket.setblocking(False)
        self._readable = select.poll()
        self._readable.register(self._socket, select.POLLIN)
        self._fixed = f" HTTP/1.1\r\nHost: {host}\r\nUser-Agent: ramet\r\nContent-Length: "
        self._used = time.monotonic()
        self.ends = False
        """Whether the other side closes the connection after the answer."""

    def close(self) -> None:
        """Close it, whatever is still under way."""
        self._socket.close()

    def is_usable(self) -> bool:
        """Whether the connection is still open. What is readable while idle can only be its end."""
        return time.monotonic() - self._used < _LONGEST_IDLE and not self._readable.poll(0)

    def exchange(
        self, path: str, body: bytes, headers: list[str], limit: float
    ) -> tuple[int, bytes]:
        """Send the request and read the answer; OSError when the connection breaks."""
        lines = "\r\n".join((f"POST {path}{self._fixed}{len(body)}", *headers, "\r\n"))
        self._send(lines.encode("ascii") + body, limit)
        head, rest = self._read_head(limit)
        while head[9:10] == b"1":  # 1xx: the answer proper follows
            head, rest = self._read_head(limit, rest)
        try:
            status = int(head[9:12])
            answer = self._read_body(head.lower(), rest, limit)
        except ValueError as error:
            raise OSError(f"the answer is not HTTP: {error}") from error
        self._used = time.monotonic()
        return status, answer

    def _send(self, message: bytes, limit: float) -> None:
        sent = 0
        while sent < len(message):
            try:
                sent += self._socket.send(message[sent:] if sent else message)
            except BlockingIOError:
                self._wait(select.POLLOUT, limit)
            except (BrokenPipeError, ConnectionResetError):
                return  # it may have answered before it closed, to say why

    def _receive(self, limit: float) -> bytes:
        """The next bytes; empty at the end of the stream."""
        self._wait(select.POLLIN, limit)
        return self._socket.recv(_PIECE)

    def _wait(self, event: int, limit: float) -> None:
        poll = self._readable
        if event != select.POLLIN:
            poll = select.poll()
            poll.register(self._socket, event)
        left = limit - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise DeadlineExceeded("no answer within the deadline")

    def _read_head(self, limit: float, read: bytes = b"") -> tuple[bytes, bytes]:
        """Status line and headers up to the empty line, and what follows them."""
        while (end := read.find(b"\r\n\r\n")) < 0:
            if len(read) > _LONGEST_HEAD:
                raise OSError(f"the answer's head is longer than {_LONGEST_HEAD} bytes")
            piece = self._receive(limit)
            if not piece:
                raise OSError("the connection was closed before the answer")
            read += piece
        if not read.startswith(b"HTTP/1."):
            raise OSError("the answer is not HTTP/1")
        return read[: end + 2], read[end + 4 :]

    def _read_body(self, head: bytes, read: bytes, limit: float) -> bytes:
        """The content, by the rules of RFC 9112, section 6.3; `head` is in lower case."""
        self.ends = _header(head, b"connection") == b"close" or head.startswith(b"http/1.0")
        if _header(head, b"transfer-encoding") is not None:
            return self._read_chunks(read, limit)
        length = _header(head, b"content-length")
        if length is None:
            self.ends = True
            while piece := self._receive(limit):
                read += piece
            return read
        body, rest = self._take(int(length), read, limit)
        self.ends = self.ends or bool(rest)  # bytes that nobody asked for
        return body

    def _read_chunks(self, read: bytes, limit: float) -> bytes:
        body = b""
        while True:
            while (end := read.find(b"\r\n")) < 0:
                piece = self._receive(limit)
                if not piece or len(read) > _LONGEST_HEAD:
                    raise OSError("the answer breaks off")
                read += piece
            size = int(read[:end].partition(b";")[0], 16)
            if size == 0:
                # A trailer may follow; nothing of ours sends one. Rather open a new connection.
                self.ends = self.ends or read[end + 2 :] != b"\r\n"
                return body
            chunk, read = self._take(size + 2, read[end + 2 :], limit)
            body += chunk[:-2]

    def _take(self, size: int, read: bytes, limit: float) -> tuple[bytes, bytes]:
        """The next `size` bytes, of which `read` are the first, and those read beyond them."""
        if len(read) < size:
            pieces, missing = [read], size - len(read)
            while missing > 0:
                piece = self._receive(limit)
                if not piece:
                    raise OSError("the answer breaks off")
                pieces.append(piece)
                missing -= len(piece)
            read = b"".join(pieces)
        return read[:size], read[size:]


class _TLSConnection(_Connection):
    """The same with TLS, which may hold bytes that the socket does not show: each read waits."""

    def _send(self, message: bytes, limit: float) -> None:
        self._socket.settimeout(max(0.001, limit - time.monotonic()))
        try:
            self._socket.sendall(message)
        except TimeoutError:
            raise DeadlineExceeded("no answer within the deadline") from None

    def _receive(self, limit: float) -> bytes:
        self._socket.settimeout(max(0.001, limit - time.monotonic()))
        try:
            return self._socket.recv(_PIECE)
        except TimeoutError:
            raise DeadlineExceeded("no answer within the deadline") from None


def _connect(address: str, limit: float) -> tuple[socket.socket, str]:
    """An open socket, and the value of the Host header."""
    left = max(0.001, limit - time.monotonic())
    if address.startswith("unix:"):
        path = address.removeprefix("unix:")
        opened = socket.socket(socket.AF_UNIX)
        opened.settimeout(left)
        opened.connect(path)
        # The socket decides where the call goes; the name is for logs.
        return opened, os.path.basename(path).partition(".")[0]
    url = urlsplit(address)
    is_tls = url.scheme == "https"
    opened = socket.create_connection((url.hostname, url.port or (443 if is_tls else 80)), left)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if is_tls:
        import ssl  # takes a megabyte, and most systems leave TLS to Envoy

        opened = ssl.create_default_context().wrap_socket(opened, server_hostname=url.hostname)
    return opened, url.netloc


def _header(head: bytes, name: bytes) -> bytes | None:
    """The value of a header in a head in lower case, or None."""
    start = head.find(b"\r\n" + name + b":")
    if start < 0:
        return None
    start += len(name) + 3
    return head[start : head.find(b"\r\n", start)].strip()
