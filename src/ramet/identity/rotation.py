"""Moving the signing keys on: the next one signs, the old one retires, a new one comes next.

Nothing breaks because each key is published before it signs for longer than anybody keeps the key
set: the gateway does so for five minutes and does not look again for a key that it does not know.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake
from ramet.identity import keyfile, signing
from ramet.identity.keyfile import Key

__all__ = ["PUBLISHED_FIRST", "ready_in", "rotate"]

PUBLISHED_FIRST = timedelta(seconds=300 + 300 + 60)
"""How long a key is published before it signs: the gateway's cache, a service's, and a minute for
a fetch that has to be repeated."""


def ready_in(key: Key, now: datetime) -> timedelta:
    """How long until a next key may sign; zero or less: it may."""
    return key.since + PUBLISHED_FIRST - now


def rotate(
    path: Path, passphrase: str | None = None, *, emergency: bool = False
) -> tuple[Key, ...]:
    """Have the next key sign, and return all keys as they are published then.

    DiagnosticError where the next key has not been published for long enough; a file without a next
    key gets one first. Running processes take up the change by themselves.

    In an emergency, when the signing key has become known to others, nobody waits and every key is
    withdrawn, with the tokens it signed. The next one too: whoever has read one key of the file has
    read them all. Two new ones take their place.
    """
    signing.keys(path, passphrase)  # made where there are none
    with _alone(path):
        now = datetime.now(UTC)
        if emergency:
            keyfile.replace(path, signing.new_pair(now), passphrase)
            return signing.keys(path, passphrase)
        found = keyfile.read(path, passphrase)
        coming = next((key for key in found if key.state == "next"), None)
        if coming is None:
            coming = keyfile.new_key("next", now)
            found = (*found, coming)
            keyfile.replace(path, found, passphrase)
        left = ready_in(coming, now)
        if left > timedelta(0):
            raise _too_early(path, coming, left)
        keyfile.replace(path, _moved_on(found, coming, now), passphrase)
    return signing.keys(path, passphrase)


def _moved_on(found: tuple[Key, ...], coming: Key, now: datetime) -> Iterator[Key]:
    yield replace(coming, state="signing", since=now)
    yield from (key for key in found if key.state == "next" and key is not coming)
    yield keyfile.new_key("next", now)
    for key in found:
        if key.state == "signing":
            yield replace(key, state="retired", since=now)
        elif key.state == "retired" and key.since > now - signing.RETIRED_KEPT:
            yield key


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One rotation at a time. The folder is locked, as the file itself is replaced."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _too_early(path: Path, coming: Key, left: timedelta) -> DiagnosticError:
    minutes, seconds = divmod(int(left.total_seconds()) + 1, 60)
    return DiagnosticError(
        Mistake(
            "rotation-too-early",
            where=str(path),
            found=f"a next key ({coming.kid[:12]}) that is published since "
            f"{coming.since:%Y-%m-%d %H:%M:%S} UTC",
            expected=f"{int(PUBLISHED_FIRST.total_seconds()) // 60} minutes of being published "
            "before it signs, so that the gateway and every service know it",
            remedy=f"Rotate again in {minutes} min {seconds} s. If the signing key has become "
            "known to others, --emergency does not wait, and withdraws every key.",
        )
    )
