"""Pages by cursor: a page never skips or repeats a row because others came or went before it.

One reading of cursors serves the public API and the operations. DRF's own takes a position from
the cursor as it stands, so that a made-up one is an error of the database.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

PAGE_SIZE = 20
LARGEST_PAGE = 100
EXPORT_SIZE = 500

# In an own cursor: a name of 200 characters, each of 4 bytes, and a SKU; then a third more.
_LONGEST_CURSOR = 2000
_AFTER, _BEFORE = "after", "before"

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in order, and the cursors of the pages beside them ("" where there is none)."""

    rows: Sequence[Row]
    following: str
    preceding: str


@dataclass(frozen=True, slots=True)
class Ordering:
    """By a column and, for rows that are equal in it, by a unique one."""

    column: str
    unique: str
    is_descending: bool = False

    def page(self, rows: QuerySet[Row], cursor: str = "", size: int = PAGE_SIZE) -> Page[Row]:
        """One page of `rows`. `cursor` is "" at the beginning, and otherwise from another page.

        Raises ValueError for what is not a cursor of these rows.
        """
        direction = _AFTER
        if cursor:
            direction, *place = _read(cursor)
            rows = rows.filter(self._beyond(rows.model, place, direction))
        is_back = direction == _BEFORE
        sign = "-" if self.is_descending != is_back else ""
        # One more than a page, to see whether another follows.
        found = list(rows.order_by(sign + self.column, sign + self.unique)[: size + 1])
        is_more = len(found) > size
        found = found[:size]
        if is_back:
            found.reverse()
        return Page(
            rows=found,
            following=self._cursor(_AFTER, found[-1]) if found and (is_back or is_more) else "",
            preceding=self._cursor(_BEFORE, found[0])
            if found and (is_more if is_back else cursor)
            else "",
        )

    def _beyond(self, model: type[Model], place: Sequence[str], direction: str) -> Q:
        beyond = "lt" if self.is_descending != (direction == _BEFORE) else "gt"
        first, second = (
            _value(model, name, text)
            for name, text in zip((self.column, self.unique), place, strict=True)
        )
        return Q(**{f"{self.column}__{beyond}": first}) | Q(
            **{self.column: first, f"{self.unique}__{beyond}": second}
        )

    def _cursor(self, direction: str, row: Model) -> str:
        place = (str(getattr(row, name)) for name in (self.column, self.unique))
        # No value holds a NUL, as PostgreSQL stores none.
        return urlsafe_b64encode("\0".join((direction, *place)).encode()).decode()


def export_page(rows: QuerySet[Row], cursor: str) -> tuple[Sequence[Row], str]:
    """A page of all rows by their ids, for copies, and the cursor of the next ("" at the end).

    By what never changes: in another order, a row that moves would be missed. Raises ValueError
    for what is not a cursor of these rows.
    """
    if cursor:
        rows = rows.filter(pk__gt=_value(rows.model, "id", cursor))
    found = list(rows.order_by("pk")[: EXPORT_SIZE + 1])
    page = found[:EXPORT_SIZE]
    return page, str(page[-1].pk) if len(found) > EXPORT_SIZE else ""


NEWEST_FIRST = Ordering("created_at", "id", is_descending=True)
BY_NAME = Ordering("name", "sku")


class PageQuery(serializers.Serializer[None]):
    """How many rows somebody asks for. A size that is none is refused, not taken for another."""

    page_size = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, required=False, default=PAGE_SIZE
    )


class Cursor(CursorPagination):
    """Pages of the public API: `next` and `previous` are URLs, or null at the ends."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE
    invalid_cursor_message = "Invalid cursor"
    by: Ordering

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """See DRF. Raises NotFound for what is not a cursor, as DRF does, and ValidationError."""
        cursor = request.query_params.get(self.cursor_query_param, "")
        query = PageQuery(data=request.query_params.dict())  # in a form, nothing is no mistake
        query.is_valid(raise_exception=True)
        size = query.validated_data[self.page_size_query_param]
        try:
            self._page: Page[Any] = self.by.page(queryset, cursor, size)
        except ValueError as error:
            raise NotFound(self.invalid_cursor_message) from error
        self._url = request.build_absolute_uri()
        return list(self._page.rows)

    def get_next_link(self) -> str | None:
        """See DRF."""
        return self._link(self._page.following)

    def get_previous_link(self) -> str | None:
        """See DRF."""
        return self._link(self._page.preceding)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """See drf-spectacular."""
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE}
        return [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in (
                (self.cursor_query_param, {"type": "string"}),
                (self.page_size_query_param, size),
            )
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """See drf-spectacular; DRF's own says `nullable`, which OpenAPI 3.1 has no longer."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link,
                "previous": link,
                "results": {**schema, "maxItems": LARGEST_PAGE},
            },
        }

    def _link(self, cursor: str) -> str | None:
        return replace_query_param(self._url, self.cursor_query_param, cursor) if cursor else None


class NewestFirst(Cursor):
    """For rows with a `created_at`."""

    by = NEWEST_FIRST


class ByName(Cursor):
    """For products, which people look up: the alphabet, then the SKU."""

    by = BY_NAME


def _read(cursor: str) -> tuple[str, str, str]:
    if len(cursor) > _LONGEST_CURSOR:
        raise ValueError("no cursor is as long as that")
    # UnicodeError and binascii.Error are ValueErrors too.
    text = b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    direction, first, second = text.split("\0")
    if direction not in (_AFTER, _BEFORE):
        raise ValueError("not a cursor")
    return direction, first, second


def _value(model: type[Model], name: str, text: str) -> Any:
    """The text as a value of that column; ValueError unless it is written as we write it."""
    try:
        value = model._meta.get_field(name).to_python(text)  # type: ignore[union-attr]
    except ValidationError as error:
        raise ValueError(f"not a value of {name}") from error
    if str(value) != text:
        raise ValueError(f"not a value of {name} as cursors hold it")
    return value
