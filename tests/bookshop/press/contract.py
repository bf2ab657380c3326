# mypy: disable-error-code=empty-body
"""What others may ask of press: everything it has, page by page."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import ramet


class Price(ramet.Value):
    amount: Decimal


class ExportedBook(ramet.Value):
    isbn: str
    title: str
    price: Price
    blurb: str | None
    version: int


class BookPage(ramet.Value):
    rows: list[ExportedBook]
    next_cursor: str


class Place(ramet.Value):
    town: str
    born: date
    also: tuple[str, ...] = ()


class ExportedAuthor(ramet.Value):
    id: UUID
    name: str
    changed_at: datetime
    home: Place | None = None


class AuthorPage(ramet.Value):
    rows: list[ExportedAuthor]
    next_cursor: str


class UnknownCursor(ramet.Refused):
    cursor: str


class Press(ramet.Contract, version=1):
    @ramet.operation(deadline="5s", idempotent=True)
    def books(self, cursor: str = "") -> BookPage:
        """Every book, by number."""

    @ramet.operation(deadline="5s", idempotent=True)
    def authors(self, cursor: str = "") -> AuthorPage:
        """Every author."""
