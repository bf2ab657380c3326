"""A key set (RFC 7517), of which only keys that we accept are kept."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from ramet.identity import documents
from ramet.identity.claims import KeysUnavailable

__all__ = ["Key", "fetch", "parse"]

Key: TypeAlias = RSAKey | ECKey

_SMALLEST_KEY_BITS = 2048
_DESCRIBED = {
    "RS256": "RSA signature key of at least 2048 bits",
    "PS256": "RSA signature key of at least 2048 bits",
    "ES256": "P-256 signature key",
}


def fetch(url: str, algorithm: str = "RS256") -> Mapping[str, Key]:
    """The signature keys for `algorithm` at `url` by `kid`; KeysUnavailable otherwise.

    See `documents.fetch` for the address and its bounds.
    """
    document = documents.fetch(url)
    try:
        return parse(document, algorithm)
    except ValueError as error:
        raise KeysUnavailable(f"{url}: {error}") from error


def parse(document: Any, algorithm: str = "RS256") -> Mapping[str, Key]:
    """The usable keys of a key set document; ValueError where there is none.

    Keys for encryption, other algorithms, without a `kid` or shorter than 2048 bits are skipped:
    RFC 7517, section 5 asks to ignore what is not understood.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("this is not a key set: it has no list of keys")
    found: dict[str, Key] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        kid = entry.get("kid")
        if not isinstance(kid, str) or not kid:
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
            continue
        key = _ec_key(entry) if algorithm == "ES256" else _rsa_key(entry)
        if key is not None:
            found[kid] = key
    if not found:
        raise ValueError(f"the key set holds no {_DESCRIBED[algorithm]} with a kid")
    return found


# Only the public parts: a private key that somebody published by mistake stays unused.


def _rsa_key(entry: dict[str, Any]) -> RSAKey | None:
    if entry.get("kty") != "RSA":
        return None
    try:
        key = RSAKey.import_key({name: entry[name] for name in ("kty", "n", "e")})
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return key if key.raw_value.key_size >= _SMALLEST_KEY_BITS else None


def _ec_key(entry: dict[str, Any]) -> ECKey | None:
    if entry.get("kty") != "EC" or entry.get("crv") != "P-256":
        return None
    try:
        return ECKey.import_key({name: entry[name] for name in ("kty", "crv", "x", "y")})
    except (JoseError, ValueError, KeyError, TypeError):
        return None
