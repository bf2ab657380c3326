"""Nothing but the feed writes to a replica."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core import serializers
from django.db import transaction

from ramet.replicas import ReplicaIsReadOnly
from tests.bookshop.library.models import Book
from tests.unit.replicas.conftest import here
from tests.unit.replicas.test_feeding import changed

pytestmark = pytest.mark.django_db

FIXTURE = """[{"model": "library.book", "pk": "b1", "fields":
 {"title": "forged", "price": "1.00", "note": null, "replica_version": 9}}]"""


def book(**values: Any) -> Book:
    return Book(isbn="b1", title="forged", price=Decimal(1), replica_version=9, **values)


WRITES: dict[str, Callable[[], Any]] = {
    "save": lambda: book().save(),
    "save_base": lambda: book().save_base(raw=True),
    "save of a row": lambda: Book.objects.get().save(),
    "delete of a row": lambda: Book.objects.get().delete(),
    "create": lambda: Book.objects.create(isbn="b2"),
    "get_or_create": lambda: Book.objects.get_or_create(isbn="b2"),
    "update_or_create": lambda: Book.objects.update_or_create(isbn="b1"),
    "bulk_create": lambda: Book.objects.bulk_create([book()]),
    "bulk_update": lambda: Book.objects.bulk_update([book()], ["title"]),
    "update": lambda: Book.objects.filter(isbn="b1").update(title="forged"),
    "delete": lambda: Book.objects.all().delete(),
    "a fixture": lambda: next(iter(serializers.deserialize("json", FIXTURE))).save(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_writing_is_refused_and_says_what_to_do(write: Callable[[], Any]) -> None:
    with transaction.atomic():
        Book.receive(changed(1))
    with pytest.raises(ReplicaIsReadOnly) as refusal:
        write()
    assert "library.Book, which is a replica" in str(refusal.value)
    assert "ramet replicas rebuild library.Book" in str(refusal.value)
    assert here() == [("b1", "v1", "1.00")]
