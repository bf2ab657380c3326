"""Fetch a key set (RFC 7517) over HTTP or a Unix socket, and keep only keys that we accept."""

import http.client
import json
import re
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from ramet.identity.claims import KeysUnavailable

__all__ = ["fetch", "parse"]

_TIMEOUT_SECONDS = 2.0
_LARGEST_ANSWER = 256 * 1024
_SMALLEST_KEY_BITS = 2048
# unix:/run/shop/keys.sock/o/.well-known/jwks.json: the socket's name ends with .sock
_UNIX = re.compile(r"^unix:(?://)?(?P<socket>/.+?\.sock)(?P<path>/.*)$")


def fetch(url: str) -> Mapping[str, RSAKey]:
    """The RSA signature keys at `url` by `kid`; KeysUnavailable, naming the cause, otherwise.

    `url` is http://, https://, unix:<socket>.sock/<path> or http+unix://<quoted socket>/<path>; a
    service before the socket ("users@") is whom the mesh is to ask (header x-ramet-service).
    Takes 2 s at most per network step; follows no redirect.
    """
    connection, path = _connection(url)
    headers = {"Accept": "application/json"}
    if service := urlsplit(url).username:
        headers["x-ramet-service"] = service
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read(_LARGEST_ANSWER + 1)
    except (OSError, http.client.HTTPException) as error:
        raise KeysUnavailable(f"{url}: {error}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise KeysUnavailable(f"{url} answered {answer.status}")
    if len(body) > _LARGEST_ANSWER:
        raise KeysUnavailable(f"{url} answered more than {_LARGEST_ANSWER} bytes")
    try:
        return parse(json.loads(body))
    except ValueError as error:
        raise KeysUnavailable(f"{url}: {error}") from error


def parse(document: Any) -> Mapping[str, RSAKey]:
    """The usable keys of a key set document; ValueError where there is none.

    Keys for encryption, other algorithms, without a `kid` or shorter than 2048 bits are skipped:
    RFC 7517, section 5 asks to ignore what is not understood.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("this is not a key set: it has no list of keys")
    found: dict[str, RSAKey] = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA":
            continue
        kid = entry.get("kid")
        if not isinstance(kid, str) or not kid:
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
            continue
        try:
            # Only the public parts: a private key that somebody published by mistake stays unused.
            key = RSAKey.import_key({name: entry[name] for name in ("kty", "n", "e")})
        except (JoseError, ValueError, KeyError, TypeError):
            continue
        if key.raw_value.key_size >= _SMALLEST_KEY_BITS:
            found[kid] = key
    if not found:
        raise ValueError("the key set holds no RSA signature key of at least 2048 bits with a kid")
    return found


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    if unix := _UNIX.match(url):
        return _UnixConnection(unix["socket"]), unix["path"]
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http+unix":
        return _UnixConnection(unquote(parts.netloc.rpartition("@")[2])), path
    if parts.scheme == "https" and parts.hostname:
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS
        ), path
    if parts.scheme == "http" and parts.hostname:
        return http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS
        ), path
    raise KeysUnavailable(
        f"{url!r} is no address of a key set: expected http://, https://, "
        "unix:/path.sock/path or http+unix://"
    )


class _UnixConnection(http.client.HTTPConnection):
    """HTTP/1.1 over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT_SECONDS)
        self.sock.connect(self._path)
