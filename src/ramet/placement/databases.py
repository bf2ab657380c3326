"""From a database URL to Django's DATABASES entry, with the options that our guarantees need."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["database", "with_safe_sqlite"]


def database(url: str) -> dict[str, Any]:
    """The DATABASES entry of `postgresql://USER:PASSWORD@HOST:PORT/NAME` or `sqlite:///PATH`.

    A PostgreSQL URL may name a socket's folder, `postgresql://USER:PASSWORD@/NAME?host=/folder`;
    other query parameters become libpq options. User, password and name are URL-quoted. Three
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
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": options.pop("port", str(parts.port or "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
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
