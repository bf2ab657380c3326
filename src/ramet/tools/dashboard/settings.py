"""Where the dashboard listens and what it looks at, from the environment that `ramet up` gives."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """`control` is the supervisor's socket, `state` the folder `.ramet`; `host` is loopback."""

    control: Path
    state: Path
    host: str
    port: int

    @property
    def hosts(self) -> frozenset[str]:
        """The only values of the Host header that are answered."""
        names = ("localhost", "127.0.0.1", "[::1]")
        return frozenset(f"{name}:{self.port}" for name in names)

    @property
    def logs(self) -> Path:
        """One `<name>.log` per process."""
        return self.state / "log"

    @property
    def mails(self) -> Path:
        """What Django's file e-mail backend wrote."""
        return self.state / "mail"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """The settings; DiagnosticError with everything that is missing or wrong."""
        mistakes = [
            _mistake(name, "nothing", example)
            for name, example in _EXAMPLES.items()
            if not environ.get(name)
        ]
        host, _, port = environ.get(_LISTEN, "").rpartition(":")
        if environ.get(_LISTEN) and not (_is_loopback(host) and _is_port(port)):
            mistakes.append(_mistake(_LISTEN, repr(environ[_LISTEN]), _EXAMPLES[_LISTEN]))
        if mistakes:
            raise DiagnosticError(*mistakes)
        return cls(Path(environ[_CONTROL]), Path(environ[_STATE]), host.strip("[]"), int(port))


_CONTROL = "RAMET_CONTROL_SOCKET"
_STATE = "RAMET_STATE_DIR"
_LISTEN = "RAMET_DASHBOARD_LISTEN"
_EXAMPLES = {
    _CONTROL: "the path of the socket of a running `ramet up`",
    _STATE: "the path of the system's .ramet folder",
    # Never another address: the page shows logs and mails, and asks nobody who they are.
    _LISTEN: "an address of this machine only, such as 127.0.0.1:8001",
}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) < 65536


def _mistake(name: str, found: str, expected: str) -> Mistake:
    return Mistake(
        "invalid-environment",
        where=name,
        found=found,
        expected=expected,
        remedy="Let `ramet up` start the dashboard, or set the variable.",
    )
