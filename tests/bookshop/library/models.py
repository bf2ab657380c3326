"""What the library knows of books and authors."""

from django.db import models

import ramet
from tests.bookshop.press.contract import Press
from tests.bookshop.press.events import AuthorChanged, BookChanged, BookRemoved


class Book(ramet.Replica):
    """Books as press last told of them."""

    isbn = models.CharField(max_length=20, primary_key=True)
    title = models.CharField(max_length=200, db_index=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    note = models.TextField(null=True)

    class Source:
        upsert = BookChanged
        delete = BookRemoved
        export = Press.books
        version = "version"
        fields = {"price": "price.amount", "note": "blurb"}


class Author(ramet.Replica):
    """Authors, whose version is a time, and who are never deleted."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100)
    home = models.JSONField(null=True)

    class Source:
        upsert = AuthorChanged
        delete = None
        export = Press.authors
        version = "changed_at"
