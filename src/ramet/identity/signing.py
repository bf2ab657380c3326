"""The issuer's private keys: one PEM file, 0600, the first key signs, all of them are published.

The second one signs next. It is published long before, so every cache knows it when it begins to.
To rotate: move it to the front and append a new one, and remove the old one when its last token has
expired.
"""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

from ramet.errors import DiagnosticError, Mistake
from ramet.identity.claims import KeysUnavailable

__all__ = ["generate", "load", "public_keys"]

_BITS = 2048
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----\n?", re.DOTALL)


def load(path: Path) -> tuple[str, ...]:
    """The PEM texts of `path`, the signing key first; a new file with two keys where there is none.

    DiagnosticError where the file can be read by others, or holds something else than RSA keys.
    """
    if not path.exists():
        generate(path)
    return _read(path)


def generate(path: Path) -> None:
    """Write a file (0600, in folders 0700) with two new keys, unless another process was first."""
    # One by one: with parents=True, mkdir gives its mode to the last folder only.
    for folder in reversed([path.parent, *path.parent.parents]):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    pem = _new_key() + _new_key()  # the signing one, and the next one
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    try:
        # A link, not a rename: of two processes that start together the first one's key stays,
        # and nobody ever reads half a file.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)


def _new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_keys(path: Path) -> Mapping[str, RSAKey]:
    """The keys of `path` by `kid` (the RFC 7638 thumbprint), for verifying.

    KeysUnavailable where they cannot be read: the last good set then stays in use.
    """
    try:
        found = (RSAKey.import_key(pem) for pem in load(path))
        return {key.thumbprint(): key for key in found}
    except (OSError, DiagnosticError) as error:
        raise KeysUnavailable(str(error)) from error


def _read(path: Path) -> tuple[str, ...]:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise _mistake(
            path,
            "signing-keys-readable",
            f"private keys with mode {mode:04o}",
            "a file that only its owner can read (0600)",
            f"chmod 600 {path}; if others may have read it, replace the keys",
        )
    pems = tuple(match.group(0) for match in _PEM.finditer(path.read_text("ascii", "replace")))
    if not pems:
        raise _mistake(
            path,
            "signing-keys-missing",
            "no private key",
            "one or several RSA private keys in PEM form, the signing key first",
            "delete the file to have new keys generated, or run: openssl genrsa 2048",
        )
    for number, pem in enumerate(pems, 1):
        try:
            key = serialization.load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            key, problem = None, str(error)
        else:
            problem = type(key).__name__
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _BITS:
            raise _mistake(
                path,
                "signing-key-unusable",
                f"key {number} is not usable ({problem})",
                f"an RSA private key of at least {_BITS} bits without a password",
                "openssl genrsa 2048",
            )
    return pems


def _mistake(path: Path, reference: str, found: str, expected: str, remedy: str) -> DiagnosticError:
    return DiagnosticError(
        Mistake(reference=reference, where=str(path), found=found, expected=expected, remedy=remedy)
    )
