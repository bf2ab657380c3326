"""A service's certificate as files, laid out and replaced as Kubernetes does it with a Secret.

`tls.crt`, `tls.key` and `ca.crt` are links through `..data`, a link to a folder that never changes:
to replace that one link replaces all three at once, and whoever watches the folder sees it.
https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from ramet.errors import DiagnosticError, Mistake
from ramet.tools.local.files import write_private

_CURRENT = "..data"


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Replace all `files` of a folder at once; only their owner may read them."""
    for each in (folder.parent, folder):  # `parents` would make the former for everybody to read
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y_%m_%d_%H_%M_%S")
    version = folder / f"..{stamp}.{secrets.token_hex(4)}"
    version.mkdir(mode=0o700)
    for name, text in files.items():
        write_private(version / name, text)
        link = folder / name
        if not link.is_symlink():
            link.unlink(missing_ok=True)
            link.symlink_to(Path(_CURRENT, name))
    draft = folder / f"{_CURRENT}_tmp"
    draft.unlink(missing_ok=True)
    draft.symlink_to(version.name)
    os.replace(draft, folder / _CURRENT)
    for old in folder.glob("..2*"):
        if old != version:
            shutil.rmtree(old)


def read_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file, at least one. DiagnosticError where it holds none."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise unreadable(path, error, "one or more certificates in PEM") from None


def read_key(path: Path) -> PrivateKeyTypes:
    """The private key in a PEM file without a passphrase. DiagnosticError where there is none."""
    try:
        return serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise unreadable(path, error, "a private key in PEM, without a passphrase") from None


def pem(certificate: x509.Certificate) -> str:
    """A certificate as the text of its file."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key: PrivateKeyTypes) -> str:
    """A private key as the text of its file, without a passphrase."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def belongs(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    """Whether a certificate is for this key."""
    return certificate.public_key() == key.public_key()


def unreadable(path: Path, error: Exception, expected: str) -> DiagnosticError:
    """A file that is not what it should be; its content is not told, it may be a key."""
    found = f"{error.strerror}" if isinstance(error, OSError) else "something else"
    return DiagnosticError(
        Mistake(
            reference="certificate-unreadable",
            where=str(path),
            found=found,
            expected=expected,
            remedy="put the right file there, or remove the folder's files: new ones are made",
        )
    )
