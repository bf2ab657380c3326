"""Files that nobody else may read, and that are whole or absent."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text` at once, readable by its owner only."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)


def open_private_log(path: Path) -> BinaryIO:
    """Open a file to append to, which is made so that its owner only may read it."""
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def secret(path: Path, length: int = 32) -> str:
    """The secret in `path`; made of `length` random bytes when there is none yet."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, secrets.token_urlsafe(length) + "\n")
        return path.read_text(encoding="utf-8").strip()
