"""From a database URL to Django's DATABASES entry, with the options that our guarantees need."""

from collections.abc import Callable, Mapping
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


def database(url: str, declared: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The DATABASES entry of `postgresql://USER:PASSWORD@HOST:PORT/NAME` or `sqlite:///PATH`.

    A PostgreSQL URL may name a socket's folder, `postgresql://USER:PASSWORD@/NAME?host=/folder`;
    other query parameters become libpq options. User, password and name are URL-quoted. Three
    slashes begin a relative SQLite path, four an absolute one.

    `declared` is the project's own entry, of which the URL replaces only where the database is: a
    backend derived from PostgreSQL's (or SQLite's) stays, ATOMIC_REQUESTS and TEST stay. Its
    OPTIONS come after the URL's and before OVER_A_NETWORK, which a socket does not need; they stay
    away where the project declared another kind of database. Unless it says otherwise, connections
    are kept for ever and checked before reuse: processes are few and long-lived.
    """
    parts = urlsplit(url)
    entry = dict(declared or {})
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme == "sqlite":
        _keep_kind(entry, "django.db.backends.sqlite3", is_same=_is_sqlite)
        return with_safe_sqlite({"CONN_MAX_AGE": None} | entry | {"NAME": name})
    _keep_kind(entry, "django.db.backends.postgresql", is_same=_may_be_postgresql)
    asked = dict(parse_qsl(parts.query))
    host = asked.pop("host", parts.hostname or "")
    port = asked.pop("port", str(parts.port or ""))
    defaults = OVER_A_NETWORK if host and not host.startswith(("/", "@")) else {}
    options = {**defaults, **entry.get("OPTIONS", {}), **asked}
    # Django's pool keeps connections itself, and refuses them to be persistent besides.
    kept = {"CONN_MAX_AGE": 0 if options.get("pool") else None, "CONN_HEALTH_CHECKS": True}
    where = {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
    }
    return kept | entry | where | {"OPTIONS": options}


def _keep_kind(entry: dict[str, Any], engine: str, *, is_same: Callable[[str], bool]) -> None:
    """Leave the declared backend where it is of the URL's kind, else ours without its options."""
    if not is_same(entry.get("ENGINE", "")):
        entry.pop("OPTIONS", None)
        entry["ENGINE"] = engine


def _is_sqlite(engine: str) -> bool:
    return any(word in engine for word in ("sqlite", "spatialite"))


def _may_be_postgresql(engine: str) -> bool:
    # By its name, as nothing can be imported while settings are read. A project's own backend may
    # have any name, so it is taken for what the URL says unless its name says otherwise.
    others = ("sqlite", "spatialite", "mysql", "mariadb", "oracle", "mssql", "dummy")
    return bool(engine) and not any(word in engine for word in others)


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
