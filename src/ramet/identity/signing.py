"""The issuer's private keys in use: which one signs now, and which are published.

The next key is published long before it signs, so every cache knows it when it begins to; a retired
one stays published while tokens that it signed may live. `rotation` moves them on; a process takes
up a changed file at its next use, without a restart.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from joserfc.jwk import RSAKey

from ramet.errors import DiagnosticError
from ramet.identity import keyfile
from ramet.identity.claims import KeysUnavailable
from ramet.identity.keyfile import Key

__all__ = ["RETIRED_KEPT", "generate", "keys", "load", "new_pair", "public_keys"]

RETIRED_KEPT = timedelta(seconds=3600 + 60)
"""How long a retired key is published: the longest life of a token that we sign, `ramet_token
--lifetime`, and some seconds of skew."""

_ORDER = ("signing", "next", "retired")


def keys(path: Path, passphrase: str | None = None) -> tuple[Key, ...]:
    """The published keys, the signing one first; a new file where there is none.

    DiagnosticError as `keyfile.read`. Costs one look at the file's status unless it has changed.
    """
    if not path.exists():
        generate(path, passphrase)
    status = path.stat()
    seen = (status.st_mtime_ns, status.st_ino, status.st_size)
    remembered = _remembered.get(path)
    if remembered is None or remembered[0] != (seen, passphrase):
        # The status from before: a file that changed meanwhile is read again the next time.
        remembered = ((seen, passphrase), keyfile.read(path, passphrase))
        _remembered[path] = remembered
    forgotten = datetime.now(UTC) - RETIRED_KEPT
    published = (key for key in remembered[1] if key.state != "retired" or key.since > forgotten)
    return tuple(sorted(published, key=lambda key: _ORDER.index(key.state)))


_Seen = tuple[tuple[int, int, int], str | None]
_remembered: dict[Path, tuple[_Seen, tuple[Key, ...]]] = {}


def load(path: Path, passphrase: str | None = None) -> tuple[str, ...]:
    """The PEM texts of `keys`, not encrypted, the signing one first."""
    return tuple(key.pem for key in keys(path, passphrase))


def generate(path: Path, passphrase: str | None = None) -> None:
    """Write a file (0600, in folders 0700) with two new keys, unless another process was first.

    Without `passphrase` one is made and put beside them.
    """
    keyfile.write_new(path, new_pair(datetime.now(UTC)), passphrase)


def new_pair(now: datetime) -> tuple[Key, Key]:
    """Two keys that nobody has seen yet: one that signs, and the next one."""
    return keyfile.new_key("signing", now), keyfile.new_key("next", now)


def public_keys(path: Path, passphrase: str | None = None) -> Mapping[str, RSAKey]:
    """The published keys by `kid` (the RFC 7638 thumbprint), for verifying.

    KeysUnavailable where they cannot be read: the last good set then stays in use.
    """
    try:
        return {key.kid: RSAKey.import_key(key.pem) for key in keys(path, passphrase)}
    except (OSError, DiagnosticError) as error:
        raise KeysUnavailable(str(error)) from error
