"""What type checkers must say of contracts, values, refusals and clients.

Read by test_calls_typing.py, never imported: a line with `# error: [code]` must give exactly
those errors, every other line none.
"""

from decimal import Decimal
from typing import assert_type
from uuid import UUID

from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

import ramet
from ramet.idempotency import commit


class Money(ramet.Value):
    amount: Decimal
    currency: str = "EUR"


class Line(ramet.Value):
    sku: str
    quantity: int


class OutOfStock(ramet.Refused):
    sku: str
    left: int = 0


class Products(ramet.Contract, version=1):
    @ramet.operation(deadline="500ms", idempotent=True)
    def reserve(self, order_id: UUID, lines: list[Line]) -> Money:
        """Hold stock."""

    @ramet.operation
    def categories(self) -> list[str]:
        """All of them."""

    @ramet.operation(dedline="500ms")  # error: [call-overload] [untyped-decorator]
    def misspelt(self) -> None: ...


@ramet.implements(Products)
class Catalogue:
    def reserve(self, order_id: UUID, lines: list[Line]) -> Money:
        return Money(Decimal(1))

    def categories(self) -> list[str]:
        return []

    def misspelt(self) -> None: ...


class Unversioned(ramet.Contract):  # error: [call-arg]
    pass


# A client is of the contract's type, and so are its operations.
products = ramet.client(Products)
assert_type(products, Products)
assert_type(products.reserve(UUID(int=1), [Line("A", 1)]), Money)
assert_type(products.reserve(order_id=UUID(int=1), lines=[]), Money)
assert_type(products.categories(), list[str])
assert_type(ramet.client(Products, idempotency_key="k").categories(), list[str])
assert_type(Catalogue().categories(), list[str])
products.reserve("1", [])  # error: [arg-type]
products.reserve(UUID(int=1), [Money(Decimal(1))])  # error: [list-item]
products.reserve(UUID(int=1))  # error: [call-arg]
products.restock(UUID(int=1))  # error: [attr-defined]
ramet.client(Catalogue)  # error: [type-var]

# A value is a frozen dataclass.
money = Money(amount=Decimal("1.50"), currency="CHF")
assert_type(money.amount, Decimal)
assert_type(money.currency, str)
Money("1.50")  # error: [arg-type]
Money()  # error: [call-arg]
Money(Decimal(1), colour="red")  # error: [call-arg]
money.amount = Decimal(2)  # error: [misc]

# A refusal takes its fields, by position or by name.
refusal = OutOfStock("A")
assert_type(refusal.sku, str)
assert_type(refusal.left, int)
assert_type(refusal.retryable, bool)
OutOfStock(sku="A", left=3)
OutOfStock(sku=1)  # error: [arg-type]
OutOfStock()  # error: [call-arg]
ramet.Refused("not today")


class Invoices:
    @ramet.idempotent
    def create(self, request: Request) -> Response:
        return Response()

    @ramet.idempotent(atomic=False, required=False)
    def update(self, request: Request, pk: int) -> HttpResponseBase:
        commit(request, lambda: 7)  # error: [arg-type] [return-value]
        return commit(request, lambda: Response())

    @ramet.idempotent  # error: [type-var]
    def gives(self, request: Request) -> int:
        return 1

    @ramet.idempotent(needed=True)  # error: [call-overload] [untyped-decorator]
    def misspelt(self, request: Request) -> Response:
        return Response()


def repeated(invoices: Invoices, request: Request) -> None:
    assert_type(invoices.create(request), Response)
    assert_type(invoices.update(request, 7), HttpResponseBase)
    invoices.update(request, "7")  # error: [arg-type]
