"""Secrets in files that git would commit: what Ramet generates, and other configuration beside it.

Source code is left to scanners that are made for it: it is full of examples.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from ramet.errors import Mistake
from ramet.likely_secrets import has_known_secret, has_named_secret, has_random

__all__ = ["committed_secrets"]

_GENERATED = frozenset({"ramet.manifest.json"})
_SUFFIXES = frozenset(
    {
        *(".toml", ".json", ".yaml", ".yml", ".conf", ".cfg", ".ini", ".properties", ".env"),
        *(".pem", ".key", ".tf", ".service"),
    }
)
# Digests of packages, which are as random as any key.
_LOCKS = frozenset({"package-lock.json", "pnpm-lock.yaml", "npm-shrinkwrap.json"})
_LARGEST = 4 * 1024 * 1024  # bytes


def committed_secrets(root: Path) -> Iterator[Mistake]:
    """One mistake for each line with a secret, and for each file of `.ramet` that git tracks.

    What git ignores is not looked at; without git, every file of the folder is. `ramet.toml` is
    left out: reading it checks it.
    """
    for path in _files(root):
        shown = path.relative_to(root).as_posix()
        if ".ramet" in path.relative_to(root).parts:
            yield Mistake(
                "secret-in-file",
                shown,
                "a file of the local system, which has passwords and keys, in git",
                "nothing of .ramet in git",
                "git rm -r --cached .ramet, and start anew with `ramet up --fresh`.",
            )
        elif _is_configuration(path) and path != root / "ramet.toml":
            yield from _in_file(path, shown)


def _in_file(path: Path, shown: str) -> Iterator[Mistake]:
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return  # a link to nowhere, or no text
    is_generated = path.name in _GENERATED
    for number, line in enumerate(text.splitlines(), 1):
        if has_known_secret(line) or has_named_secret(line) or (is_generated and has_random(line)):
            yield Mistake(
                "secret-in-file",
                f"{shown}:{number}",
                "a line that looks like a secret",
                "no secrets in a file that is committed",
                "Put it into the environment, or into a file that is not committed; then replace"
                " the secret, if this file was ever shared.",
            )


def _is_configuration(path: Path) -> bool:
    is_one = path.suffix in _SUFFIXES or path.name.startswith(".env")
    return is_one and path.name not in _LOCKS


def _files(root: Path) -> list[Path]:
    """Tracked, and untracked but not ignored: what `git add .` would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        found = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        every = (path for path in root.rglob("*") if not _is_hidden(path.relative_to(root)))
        return sorted(path for path in every if path.is_file())
    names = sorted({*found.stdout.decode(errors="surrogateescape").split("\0")})
    return [root / name for name in names if name and (root / name).is_file()]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") and not part.startswith(".env") for part in path.parts)
