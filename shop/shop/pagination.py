"""Pages by cursor: a page never skips or repeats a row because others came or went before it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.pagination import CursorPagination

PAGE_SIZE = 20

Row = TypeVar("Row", bound=Model)


class Cursor(CursorPagination):
    """Pages of the public API: `next` and `previous` are URLs, or null at the ends."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = 100


class NewestFirst(Cursor):
    """For rows with a `created_at`."""

    ordering = ("-created_at", "pk")


class ByName(Cursor):
    """For rows that people look up: the alphabet, then the id."""

    ordering = ("name", "pk")


def page_after(
    rows: QuerySet[Row],
    by: tuple[str, str],
    cursor: str,
    *,
    descending: bool = False,
    size: int = PAGE_SIZE,
) -> tuple[Sequence[Row], str]:
    """One page of `rows` for operations, which have no URL to put a cursor into.

    `by` names a column and, for rows that are equal in it, a unique one. `cursor` is "" at the
    beginning and otherwise what came back before; the returned one is "" at the end.
    Raises ValueError for what is not a cursor.
    """
    first, second = by
    beyond, sign = ("lt", "-") if descending else ("gt", "")
    if cursor:
        after, last = _read(cursor)
        try:
            rows = rows.filter(
                Q(**{f"{first}__{beyond}": after})
                | Q(**{first: after, f"{second}__{beyond}": last})
            )
        except ValidationError as error:
            raise ValueError("not a cursor of these rows") from error
    found = list(rows.order_by(sign + first, sign + second)[: size + 1])
    if len(found) <= size:
        return found, ""
    last_row = found[size - 1]
    return found[:size], _write(getattr(last_row, first), getattr(last_row, second))


def _write(*values: object) -> str:
    return urlsafe_b64encode(json.dumps([str(value) for value in values]).encode()).decode()


def _read(cursor: str) -> tuple[str, str]:
    match json.loads(urlsafe_b64decode(cursor.encode())):
        case [str(first), str(second)] if "\0" not in first + second:
            return first, second
    raise ValueError("not a cursor")
