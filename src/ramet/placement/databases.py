"""From a database URL to Django's DATABASES entry, with the options that our guarantees need."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["OVER_A_NETWORK", "database", "with_safe_sqlite"]

OVER_A_NETWORK: Mapping[str, int] = {
    "connect_timeout": 5,  # seconds, for each address of the host
    "keepalives": 1,
    "keepalives_idle": 30,  # seconds
    "keepalives_interval": 10,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds; only Linux has it, elsewhere libpq passes over it
}
"""libpq options of a connection over TCP. Without them a server that vanished, or a firewall that
forgot the connection, holds a thread for many minutes: the kernel's own limits are hours.
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""


def database(url: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The DATABASES entry of `postgresql://USER:PASSWORD@HOST:PORT/NAME` or `sqlite:///PATH`.

    A PostgreSQL URL may name a socket's folder, `postgresql://USER:PASSWORD@/NAME?host=/folder`;
    other query parameters become libpq options; they come before the project's own `options`, and
    those before OVER_A_NETWORK, which a socket does not need. User, password and name are URL-quoted. Three
    slashes begin a relative SQLite path, four an absolute one. Connections are kept for ever and
    checked before reuse: processes are few and long-lived.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return with_safe_sqlite(
            {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": unquote(parts.path.removeprefix("/")),
                "CONN_MAX_AGE": None,
            }
        )
    asked = dict(parse_qsl(parts.query))
    host = asked.pop("host", parts.hostname or "")
    port = asked.pop("port", str(parts.port or ""))
    defaults = OVER_A_NETWORK if host and not host.startswith(("/", "@")) else {}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**defaults, **(options or {}), **asked},
    }


def with_safe_sqlite(entry: dict[str, Any]) -> dict[str, Any]:
    """A SQLite entry under which a web thread and a worker thread do not fail with "locked".

    A transaction that first reads and then writes cannot wait for a lock, so it begins IMMEDIATE;
    write-ahead logging lets readers pass a writer. Options that the project set are kept.
    """
    options = {
        "timeout": 20,  # seconds
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    return entry | {"OPTIONS": options | entry.get("OPTIONS", {})}
