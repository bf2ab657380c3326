"""Which database each group has: in the embedded PostgreSQL, or on a server of the user's own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from urllib.parse import urlsplit

from ramet.errors import DiagnosticError, Mistake
from ramet.system import Group

_LONGEST_IDENTIFIER = 63


def name_of(group: Group) -> str:
    """The database's name: the group's, as a plain PostgreSQL identifier."""
    return _identifier(group.name)


def on_server(url: str, system: str, groups: Sequence[Group]) -> dict[str, str]:
    """URLs for databases named `<system>_<group>` on the server at `url`, under its own role.

    A database that the URL itself names is what we connect to first, "postgres" if it names none.
    """
    parts = urlsplit(url)
    return {
        group.name: parts._replace(path=f"/{_identifier(f'{system}-{group.name}')}").geturl()
        for group in groups
    }


def _identifier(name: str) -> str:
    # Names of services have single hyphens only, so two underscores are always a plus sign.
    plain = name.replace("+", "__").replace("-", "_")
    if len(plain) <= _LONGEST_IDENTIFIER:
        return plain
    # PostgreSQL would cut it itself, and two names might become one.
    return f"{plain[: _LONGEST_IDENTIFIER - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def create_missing(url: str, urls: Sequence[str]) -> None:
    """Create the databases of `urls` that the server at `url` does not have.

    Raises DiagnosticError when the server cannot be reached or the role may not create databases.
    """
    import psycopg
    from psycopg import sql

    _refuse_unreadable(url)
    maintenance = urlsplit(url)
    if maintenance.path in ("", "/"):
        maintenance = maintenance._replace(path="/postgres")
    try:
        with psycopg.connect(maintenance.geturl(), autocommit=True) as connection:
            for database in (urlsplit(target).path.removeprefix("/") for target in urls):
                if not connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", [database]
                ).fetchone():
                    connection.execute(
                        sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
                    )
    except psycopg.Error as error:
        raise DiagnosticError(
            Mistake(
                reference="database-server-unusable",
                where="[infrastructure] postgres",
                found=str(error).strip(),
                expected="a PostgreSQL whose role may connect and create databases",
                remedy='correct the URL or the role\'s rights, or set postgres = "embedded"',
            )
        ) from error


def _refuse_unreadable(url: str) -> None:
    """The client's own words about such a URL quote what it took for a port: of a password with a
    slash, that is a part."""
    import psycopg

    try:
        ports = str(psycopg.conninfo.conninfo_to_dict(url).get("port", "")).split(",")
        is_readable = all(port.isdigit() or not port for port in ports)
    except psycopg.ProgrammingError:
        is_readable = False
    if not is_readable:
        raise DiagnosticError(
            Mistake(
                reference="database-server-unusable",
                where="[infrastructure] postgres",
                found="a URL that PostgreSQL's client cannot read",
                expected="postgresql://user:password@host:5432",
                remedy="quote what is special in the password, such as / as %2F and @ as %40",
            )
        )
