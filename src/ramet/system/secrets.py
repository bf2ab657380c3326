"""Where secrets come from: a variable of the environment, or a file that one names.

The one reader of both, for `ramet.toml`, for the RAMET_* variables and for a project's settings.
An error names the variable or the key, and never anything of a value.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake

__all__ = ["ELSEWHERE", "OPEN_TO_ALL", "is_open_to_all", "resolved", "secret"]

ELSEWHERE = r"\$[A-Za-z_][A-Za-z0-9_]*|file:/[^ ]+"
"""A pattern of values that say where the secret is, for `fields.Key`."""

OPEN_TO_ALL = "chmod o= {path}; in Kubernetes, defaultMode: 0440 of the volume"
"""What to do where `is_open_to_all`, for the remedy of a Mistake."""

LARGEST = 64 * 1024
"""Bytes of a secret's file: more is another file than was meant."""

# Where a container engine puts what it shows to one container alone, with a mode that it chooses:
# https://docs.docker.com/engine/swarm/secrets/ says 0444.
_OF_A_CONTAINER = (Path("/run/secrets"), Path("/var/run/secrets"))


def secret(name: str, default: str | None = None) -> str:
    """The secret in the environment variable `name`, for a project's settings.

    `NAME=file:/run/secrets/name` names a file that has it, `NAME=$OTHER` another variable. One
    newline at the end of a file does not count. Where the variable is not set: `default`, if given.

    Raises DiagnosticError where there is none, where it is empty, or where its file cannot be read,
    is empty, or can be read by everybody on the machine.
    """
    given = os.environ.get(name, "")
    if not given and default is not None:
        return default
    if not given:
        raise DiagnosticError(_missing(name, "it is not set", name))
    return resolved(given, os.environ, name)


def resolved(value: str, environ: Mapping[str, str], where: str, *, is_public: bool = False) -> str:
    """The value itself, or what it points to: `$NAME`, `file:/path`, or a `$NAME` of such a file.

    `where` names the key or variable for errors. They tell NAME only where the value `is_public`,
    as what stands in `ramet.toml` is: elsewhere it may be a password that begins with a dollar.
    Raises DiagnosticError.
    """
    if match := re.fullmatch(r"\$([A-Za-z_][A-Za-z0-9_]*)", value):
        found = environ.get(match[1], "")
        if not found:
            told = f'"{value}", but {match[1]} is not set'
            raise DiagnosticError(
                _missing(where, told, match[1]) if is_public else _missing_unnamed(where)
            )
        value = found
    return _of_file(value.removeprefix("file:"), where) if value.startswith("file:") else value


def is_open_to_all(path: Path, mode: int) -> bool:
    """Whether everybody on this machine may read the secret in `path`, whose `st_mode` is given."""
    return bool(mode & stat.S_IROTH) and not _is_a_containers(path)


def _missing(where: str, found: str, name: str) -> Mistake:
    return Mistake(
        "environment-unset",
        where,
        found=found,
        expected=f"a value of the environment variable {name}",
        remedy=f"Set {name}, or {name}=file:/path of a file that has it.",
    )


def _missing_unnamed(where: str) -> Mistake:
    return Mistake(
        "environment-unset",
        where,
        found="$NAME of a variable that is not set",
        expected="$NAME of a variable that has the value, or the value",
        remedy=f"Set it; a value that looks like $NAME goes into a file: {where}=file:/path",
    )


def _of_file(named: str, where: str) -> str:
    path = Path(re.sub(r"\A//+", "/", named))  # file:///run/secrets/x is a URL of the same file
    if not path.is_absolute():
        raise _refused(where, "file: without an absolute path", "file:/run/secrets/name")
    try:
        # Opened first, so that what is looked at is what is read.
        with open(path, "rb", opener=_without_waiting) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise _refused(where, f"{path}, which is no file", "a file")
            if is_open_to_all(path, found.st_mode):
                raise _refused(
                    where,
                    f"{path}, which everybody may read (mode {stat.S_IMODE(found.st_mode):04o})",
                    "a file that only its owner and its group may read",
                    OPEN_TO_ALL.format(path=path),
                )
            content = file.read(LARGEST + 1)
    except OSError as error:
        told = f"{path}, which cannot be read: {error.strerror or type(error).__name__}"
        raise _refused(where, told, "a file that this user may read") from None
    if len(content) > LARGEST:
        raise _refused(where, f"{path}, which is larger than {LARGEST} bytes", "one secret")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise _refused(where, f"{path}, which is no text", "a secret as UTF-8") from None
    text = re.sub(r"\r?\n\Z", "", text)
    if not text or "\0" in text:
        raise _refused(where, f"{path}, which is {'no text' if text else 'empty'}", "a secret")
    return text


def _refused(where: str, found: str, expected: str, remedy: str = "") -> DiagnosticError:
    remedy = remedy or "Correct the path, or write the secret into that file."
    return DiagnosticError(Mistake("secret-file", where, found, expected, remedy))


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe would wait for its writer


def _is_a_containers(path: Path) -> bool:
    return any(folder in path.parents for folder in _OF_A_CONTAINER)
