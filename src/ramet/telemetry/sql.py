"""A span for each SQL statement within a request or another piece of work, never with its values.

Names and attributes are those of https://opentelemetry.io/docs/specs/semconv/database/. Statements
outside a trace, such as a worker's looking for something to do, have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from ramet.telemetry import tracing
from ramet.telemetry.call_sites import call_site, from_project
from ramet.telemetry.context_variable import CURRENT, SPAN
from ramet.telemetry.spans import Shape, Span

__all__ = ["observe"]

_LARGEST_TEXT = 4_000
"""Characters of a statement that are told: a list of a thousand placeholders says no more."""
# A text in quotes or between dollars, which may be cut off, and a number that is no part of a name
# or a placeholder. A backslash is PostgreSQL's in E'...', and MySQL's everywhere: before a quote it
# is taken for an escape, so that too much is left out rather than too little.
_LITERAL = re.compile(
    r"'(?:[^'\\]|''|\\.)*(?:'|\\?$)|(\$\w*\$).*?(?:\1|$)"
    r"|(?<![\w\"$%.])-?\d+(?:\.\d+)?(?![\w\"])",
    re.DOTALL,
)
_OPERATION = re.compile(r"[\s(]*(?:WITH\b.*?\)\s*)?(\w+)", re.IGNORECASE | re.DOTALL)
_TABLE = re.compile(
    r"\b(?:FROM|INTO|UPDATE|TABLE)\s+(?:ONLY\s+)?[\"`\[]?([\w.]+)[\"`\]]?", re.IGNORECASE
)
_SAVEPOINTS = ("SAVEPOINT ", "RELEASE SAVEPOINT ")
_SYSTEMS = {"postgresql": "postgresql", "mysql": "mysql", "sqlite": "sqlite", "oracle": "oracle.db"}


def observe() -> None:
    """Watch the connections that exist, and those that will."""
    connection_created.connect(_watch, dispatch_uid="ramet.telemetry.sql")
    for connection in connections.all(initialized_only=True):
        _watch(connection=connection)


def _watch(*, connection: Any, **_: Any) -> None:
    if _execute not in connection.execute_wrappers:  # a connection may be made anew
        connection.execute_wrappers.append(_execute)


def _execute(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    current: Any = CURRENT.get().get(SPAN)
    is_ours = type(current) is Span
    if not (is_ours or isinstance(current, trace.Span)) or not current.is_recording():
        return execute(sql, params, many, context)
    connection = context["connection"]
    text = sql if type(sql) is str else _text(sql, connection.connection)
    # Savepoints are many, tell nothing, and cost the database next to nothing.
    if text.startswith(_SAVEPOINTS):
        return execute(sql, params, many, context)
    # Where the statement comes from is looked for only where it will be told.
    is_told = not is_ours or current.is_sampled
    site = call_site(1) if is_told else None
    # Cut before it is remembered: a list of placeholders has as many lengths as there are lists.
    text = text[:_LARGEST_TEXT]
    with tracing.work(_shape(text, connection.vendor, connection.alias, site)) as span:
        result = execute(sql, params, many, context)
        if is_told:
            rows = context["cursor"].rowcount
            if rows >= 0:
                span.set_attribute("db.response.returned_rows", rows)
        return result


def _text(sql: Any, connection: Any) -> str:
    """A statement that is no text, as Django hands it on: bytes, or composed by `psycopg.sql`."""
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    compose = getattr(sql, "as_string", None)  # without it, str() would show what is in it
    return str(compose(connection) if compose is not None else sql)


@lru_cache(maxsize=4096)
def _shape(sql: str, vendor: str, alias: str, site: tuple[str, int] | None) -> Shape:
    text = _LITERAL.sub("?", sql)
    operation = _OPERATION.match(text)
    word = operation[1].upper() if operation else "SQL"
    table = _TABLE.search(text)
    said: dict[str, Any] = {
        "db.system.name": _SYSTEMS.get(vendor, vendor),
        "db.namespace": _database(alias),
        "db.operation.name": word,
        "db.query.text": text,
    }
    if table:
        said["db.collection.name"] = table[1]
    if site is not None:
        file, line = site
        said["code.file.path"], said["code.line.number"] = from_project(file), line
    return Shape(f"{word} {table[1]}" if table else word, SpanKind.CLIENT, said)


def _database(alias: str) -> str:
    # Django's name of it; a file's folder is of no interest to anybody.
    return str(connections[alias].settings_dict["NAME"]).rpartition("/")[2]
