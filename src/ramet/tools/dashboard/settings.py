"""Where the dashboard listens, what it looks at and what lets people in, from the environment."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ramet.errors import DiagnosticError, Mistake

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """`state` is a folder such as `.ramet`; `host` is loopback; `token` lets people in.

    `control` is the supervisor's socket, None where the dashboard runs without a system.
    """

    state: Path
    host: str
    port: int
    token: str
    control: Path | None = None
    data: Path | None = None

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

    @property
    def history(self) -> Path:
        """The file of the store."""
        return self.data or self.state / "telemetry.sqlite3"

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
        token = ""
        if environ.get(_TOKEN_FILE):
            try:
                token = Path(environ[_TOKEN_FILE]).read_text(encoding="utf-8").strip()
            except OSError as error:
                mistakes.append(_mistake(_TOKEN_FILE, str(error), _EXAMPLES[_TOKEN_FILE]))
            else:
                if len(token) < _SHORTEST_TOKEN:
                    found = f"a token of {len(token)} characters"
                    mistakes.append(_mistake(_TOKEN_FILE, found, _EXAMPLES[_TOKEN_FILE]))
        if mistakes:
            raise DiagnosticError(*mistakes)
        return cls(
            state=Path(environ[_STATE]),
            host=host.strip("[]"),
            port=int(port),
            token=token,
            control=Path(environ[_CONTROL]) if environ.get(_CONTROL) else None,
            data=Path(environ[_DATA]) if environ.get(_DATA) else None,
        )


_CONTROL = "RAMET_CONTROL_SOCKET"
_STATE = "RAMET_STATE_DIR"
_LISTEN = "RAMET_DASHBOARD_LISTEN"
_TOKEN_FILE = "RAMET_DASHBOARD_TOKEN_FILE"  # noqa: S105 (a name)
_DATA = "RAMET_DASHBOARD_DATA"
_SHORTEST_TOKEN = 16
_EXAMPLES = {
    _STATE: "the path of the system's .ramet folder",
    # Never another address: the pages show logs and mails, and can restart and stop things.
    _LISTEN: "an address of this machine only, such as 127.0.0.1:8001",
    _TOKEN_FILE: f"a file with a secret of at least {_SHORTEST_TOKEN} characters",
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
        remedy="Let `ramet up` or `ramet dashboard` start it, or set the variable.",
    )
