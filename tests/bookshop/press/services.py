"""What press does: change, remove, export."""

import os
from decimal import Decimal

import msgspec
from django.db import transaction

import ramet
from tests.bookshop.press import contract
from tests.bookshop.press.contract import Price, UnknownCursor
from tests.bookshop.press.events import BookChanged, BookRemoved
from tests.bookshop.press.models import Author, Book

PAGE = int(os.environ.get("BOOKSHOP_PAGE", "3"))


@transaction.atomic
def put(isbn: str, title: str, price: str = "10.00", *, blurb: str | None = None) -> Book:
    """Make or change a book, and tell of it."""
    book = Book.objects.select_for_update().filter(isbn=isbn).first()
    book = book or Book(isbn=isbn, version=0)
    book.title, book.price, book.blurb = title, Decimal(price), blurb
    book.version += 1
    book.save()
    ramet.publish(
        BookChanged(
            isbn=isbn,
            title=title,
            price=Price(amount=book.price),
            blurb=blurb,
            version=book.version,
        )
    )
    return book


@transaction.atomic
def remove(isbn: str) -> None:
    """Remove a book, and tell of it."""
    book = Book.objects.select_for_update().filter(isbn=isbn).first()
    if book is not None:
        book.delete()
        ramet.publish(BookRemoved(isbn=isbn, version=book.version + 1))


@ramet.implements(contract.Press)
class Export:
    def books(self, cursor: str = "") -> contract.BookPage:
        if cursor == "refused":
            raise UnknownCursor(cursor=cursor)
        found = list(Book.objects.filter(isbn__gt=cursor).order_by("isbn")[: PAGE + 1])
        return contract.BookPage(
            rows=[
                contract.ExportedBook(
                    isbn=book.isbn,
                    title=book.title,
                    price=Price(amount=book.price),
                    blurb=book.blurb,
                    version=book.version,
                )
                for book in found[:PAGE]
            ],
            next_cursor=found[PAGE - 1].isbn if len(found) > PAGE else "",
        )

    def authors(self, cursor: str = "") -> contract.AuthorPage:
        rows = [
            contract.ExportedAuthor(
                id=each.id,
                name=each.name,
                changed_at=each.changed_at,
                home=each.home and msgspec.convert(each.home, contract.Place),
            )
            for each in Author.objects.order_by("id")
        ]
        return contract.AuthorPage(rows=rows, next_cursor="")
