"""What press tells of its books and authors."""

from datetime import datetime
from uuid import UUID

import ramet
from tests.bookshop.press.contract import Place, Price


@ramet.event(version=1, key="isbn")
class BookChanged:
    isbn: str
    title: str
    price: Price
    blurb: str | None
    version: int


@ramet.event(version=1, key="isbn")
class BookRemoved:
    isbn: str
    version: int


@ramet.event(version=1, key="id")
class AuthorChanged:
    id: UUID
    name: str
    changed_at: datetime
    home: Place | None = None
