"""The file of the issuer's private keys: PEM, each key encrypted (PKCS#8), made with mode 0600.

A comment before each key says its state and since when. Keys without one, as `openssl genrsa` makes
them, are taken in their order: the first signs, the others come next.
"""

import errno
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

from ramet.errors import DiagnosticError, Mistake
from ramet.system.secrets import OPEN_TO_ALL, is_open_to_all

__all__ = ["Key", "State", "new_key", "passphrase_path", "read", "replace", "write_new"]

State = Literal["signing", "next", "retired"]

_BITS = 2048
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----\n?", re.DOTALL)
_LABEL = re.compile(r"^# (signing|next|retired) since (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Key:
    """One private key. `pem` is not encrypted; `kid` is the RFC 7638 thumbprint; `since` is UTC."""

    pem: str = field(repr=False)
    kid: str
    state: State
    since: datetime
    is_encrypted: bool = True
    """Whether the file holds it encrypted."""


def new_key(state: State, since: datetime) -> Key:
    """A key that nobody has seen yet."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    return _key(made, state, since)


def passphrase_path(path: Path) -> Path:
    """The file beside `path` with the passphrase of its keys, for who gives none otherwise."""
    return path.with_suffix(".passphrase")


def read(path: Path, passphrase: str | None = None) -> tuple[Key, ...]:
    """The keys of `path`, in the order of the file.

    The passphrase is `passphrase`, else what stands beside the keys. DiagnosticError where a file
    cannot be read, can be read by everybody (see `secrets.is_open_to_all`), or holds something else
    than RSA keys that this passphrase opens.
    """
    content, since = _content(path)
    text = content.decode("ascii", "replace")
    keys: list[Key] = []
    end = 0
    for number, match in enumerate(_PEM.finditer(text), 1):
        label = _LABEL.search(text, end, match.start())
        end = match.end()
        state: State = "next" if keys else "signing"
        if label is not None:
            state, since = cast("State", label[1]), _time(path, label[2])
        encrypted = match[1].startswith("ENCRYPTED")
        secret = _passphrase(path, passphrase) if encrypted else None
        opened = _opened(path, number, match[0], secret)
        keys.append(_key(opened, state, since, is_encrypted=encrypted))
    if [key.state for key in keys].count("signing") != 1:
        raise _mistake(
            path,
            "signing-keys-missing",
            "no private key" if not keys else "not exactly one key that signs",
            "RSA private keys in PEM form, one of which signs",
            "delete the file to have new keys generated, or put keys of `openssl genrsa 2048` "
            "into it, the signing one first",
        )
    return tuple(keys)


def write_new(path: Path, keys: Iterable[Key], passphrase: str | None = None) -> None:
    """Write a file that is not there yet; of two processes at once the first one's stays.

    DiagnosticError where nothing can be written, as on a read-only mount or a full disk.
    """
    with _told_if_unwritable(path):
        # One by one: with parents=True, mkdir gives its mode to the last folder only.
        for folder in reversed([path.parent, *path.parent.parents]):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        _ensure_passphrase(path, passphrase)
        _publish_once(path, _encoded(path, keys, passphrase))


def replace(path: Path, keys: Iterable[Key], passphrase: str | None = None) -> None:
    """Put `keys` in the place of what `path` holds, at once; who could read it can go on.

    DiagnosticError as `write_new`; what `path` holds then stays.
    """
    with _told_if_unwritable(path):
        before = path.stat()
        _ensure_passphrase(path, passphrase, before)
        _draft(path, _encoded(path, keys, passphrase), before).replace(path)


@contextmanager
def _told_if_unwritable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise _mistake(
            path,
            "signing-keys-unwritable",
            f"a place that cannot be written to: {error.strerror or type(error).__name__}",
            "a folder in which this user may make files, with room for some kilobytes",
            "make room, then try again; the keys are as they were"
            if is_full
            else "do this where the keys are kept, such as in the secret that is mounted here, or "
            "give the folder to this user",
        ) from error


def _ensure_passphrase(path: Path, given: str | None, like: os.stat_result | None = None) -> None:
    beside = passphrase_path(path)
    if given is None and not beside.exists():
        _publish_once(beside, secrets.token_urlsafe(32).encode() + b"\n", like)


def _publish_once(path: Path, content: bytes, like: os.stat_result | None = None) -> None:
    draft = _draft(path, content, like)
    try:
        # A link, not a rename: nobody ever reads half a file, and whoever was first stays.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(path: Path, content: bytes, like: os.stat_result | None) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            if like is not None:
                if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, like.st_uid, like.st_gid)
                os.fchmod(descriptor, 0o600 | like.st_mode & stat.S_IRGRP)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.unlink(name)  # on a full disk, every attempt would leave one
        raise
    return Path(name)


def _encoded(path: Path, keys: Iterable[Key], passphrase: str | None) -> bytes:
    secret = serialization.BestAvailableEncryption(_passphrase(path, passphrase))
    parts = []
    for key in keys:
        opened = serialization.load_pem_private_key(key.pem.encode(), password=None)
        pem = opened.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret
        )
        parts.append(f"# {key.state} since {key.since.isoformat()}\n".encode() + pem)
    return b"".join(parts)


def _key(
    opened: rsa.RSAPrivateKey, state: State, since: datetime, is_encrypted: bool = True
) -> Key:
    pem = opened.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    return Key(pem, RSAKey.import_key(pem).thumbprint(), state, since, is_encrypted)


def _opened(path: Path, number: int, pem: str, secret: bytes | None) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=secret)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if secret is not None:
            raise _mistake(
                path,
                "signing-keys-passphrase",
                f"key {number} does not open with the passphrase ({error})",
                "the passphrase under which the keys were stored",
                f"correct RAMET_SIGNING_KEYS_PASSPHRASE or {passphrase_path(path).name}",
            ) from None
        key, problem = None, str(error)
    else:
        problem = type(key).__name__
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _BITS:
        return key
    raise _mistake(
        path,
        "signing-key-unusable",
        f"key {number} is not usable ({problem})",
        f"an RSA private key of at least {_BITS} bits",
        "openssl genrsa 2048",
    )


def _passphrase(path: Path, given: str | None) -> bytes:
    if given is not None:
        return given.encode()
    beside = passphrase_path(path)
    try:
        content, _ = _content(beside)
    except FileNotFoundError:
        raise _mistake(
            path,
            "signing-keys-passphrase",
            f"encrypted keys, and neither RAMET_SIGNING_KEYS_PASSPHRASE nor {beside.name}",
            "the passphrase under which the keys were stored",
            f"set RAMET_SIGNING_KEYS_PASSPHRASE, or put {beside.name} beside the keys",
        ) from None
    return content.strip()


def _content(path: Path) -> tuple[bytes, datetime]:
    """What is in `path`, and since when (UTC); FileNotFoundError where there is no such file."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            content = file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _mistake(
            path,
            "signing-keys-unreadable",
            f"a file that cannot be read: {error.strerror or type(error).__name__}",
            "a file that this user may read",
            "give it to the user or the group that the issuer runs as",
        ) from None
    if is_open_to_all(path, found.st_mode):
        raise _mistake(
            path,
            "signing-keys-readable",
            f"a file that everybody may read (mode {stat.S_IMODE(found.st_mode):04o})",
            "a file that only its owner and its group may read",
            f"{OPEN_TO_ALL.format(path=path)}; if others may have read it, replace the keys",
        )
    return content, datetime.fromtimestamp(found.st_mtime, UTC)


def _time(path: Path, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise _mistake(
            path,
            "signing-keys-time",
            f"a key since {text!r}",
            "a time such as 2026-05-01T12:00:00+00:00",
            "correct the comment above that key",
        ) from None


def _mistake(path: Path, reference: str, found: str, expected: str, remedy: str) -> DiagnosticError:
    return DiagnosticError(
        Mistake(reference=reference, where=str(path), found=found, expected=expected, remedy=remedy)
    )
