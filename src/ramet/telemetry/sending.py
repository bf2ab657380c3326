"""One OTLP/HTTP request after the other over a kept connection, and what its answer means.

By libcurl, because its timeout holds for the whole exchange: with a socket's timeout, a collector
that sends a byte now and then holds its client for ever.
"""

from __future__ import annotations

import gzip as gzip_format
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pycurl

__all__ = ["Connection", "Outcome"]

TIMEOUT = 5.0
"""Seconds for one request, the connecting included."""
LARGEST_ANSWER = 64 * 1024
# "Retryable response codes" of the OTLP specification; any other failure is for good.
_RETRYABLE = frozenset({429, 502, 503, 504})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`problem` is None where the collector took it; `is_temporary`: send the same again later,
    not before `retry_after` seconds where the collector said so."""

    problem: str | None = None
    is_temporary: bool = False
    retry_after: float | None = None


class Connection:
    """To one collector; for one thread."""

    def __init__(self, url: str, headers: tuple[tuple[str, str], ...], *, gzip: bool) -> None:
        self._url = url.rstrip("/")
        self._gzip = gzip
        self._headers = ["Content-Type: application/x-protobuf", "Expect:"]
        self._headers += [f"{name}: {value}" for name, value in headers]
        if gzip:
            self._headers.append("Content-Encoding: gzip")
        self._curl: Any = pycurl.Curl()
        self._curl.setopt(pycurl.NOSIGNAL, 1)  # signals belong to the main thread
        if urlsplit(url).hostname in _LOOPBACK:
            self._curl.setopt(pycurl.PROXY, "")

    def post(self, path: str, payload: bytes) -> Outcome:
        """Send one encoded request to a path below the base URL; takes at most `TIMEOUT`."""
        if self._gzip:
            payload = gzip_format.compress(payload, compresslevel=1)
        answer = _Answer()
        curl = self._curl
        curl.setopt(pycurl.URL, self._url + path)
        curl.setopt(pycurl.HTTPHEADER, self._headers)
        curl.setopt(pycurl.POST, 1)
        curl.setopt(pycurl.POSTFIELDSIZE, len(payload))
        curl.setopt(pycurl.READFUNCTION, _reader(payload))
        curl.setopt(pycurl.WRITEFUNCTION, answer.take)
        curl.setopt(pycurl.HEADERFUNCTION, answer.take_header)
        curl.setopt(pycurl.TIMEOUT_MS, int(TIMEOUT * 1000))
        try:
            curl.perform()
        except pycurl.error as error:
            return Outcome(f"{self._url}: {error.args[1]}", is_temporary=True)
        status: int = curl.getinfo(pycurl.RESPONSE_CODE)
        if 200 <= status < 300:
            return Outcome()
        return Outcome(
            f"{self._url}{path} answers {status}",
            is_temporary=status in _RETRYABLE,
            retry_after=answer.retry_after,
        )


class _Answer:
    """Takes an answer in; its body is looked at by nobody, and may not be endless."""

    def __init__(self) -> None:
        self.retry_after: float | None = None
        self._taken = 0

    def take(self, piece: bytes) -> int:
        self._taken += len(piece)
        return len(piece) if self._taken <= LARGEST_ANSWER else 0  # 0 makes libcurl give up

    def take_header(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        # A number of seconds; the date that it may be as well (RFC 9110, 10.2.3) is left alone.
        if name.strip().lower() == b"retry-after" and value.strip().isdigit():
            self.retry_after = float(value)


def _reader(payload: bytes) -> Any:
    """What libcurl reads the body from: POSTFIELDS of pycurl take no zero byte."""
    sent = 0

    def read(size: int) -> bytes:
        nonlocal sent
        piece = payload[sent : sent + size]
        sent += len(piece)
        return piece

    return read
