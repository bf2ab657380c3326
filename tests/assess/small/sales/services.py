from django.db import transaction
from goods.models import Product

from sales.models import Order


def place(product: int) -> Order:
    """Write models of two apps in one transaction."""
    with transaction.atomic():
        found = Product.objects.select_for_update().get(pk=product)
        found.stock -= 1
        found.save()
        return Order.objects.create(product=found)


@transaction.atomic
def cancel(order: Order) -> None:
    """The same by a decorator, and inside of it another block: still one transaction."""
    with transaction.atomic():
        order.delete()
    Product.objects.filter(pk=order.product_id).update(stock=1)


def fail(product: int) -> None:
    """A transaction that is rolled back."""
    with transaction.atomic():
        Order.objects.create(product_id=product)
        raise ValueError("on purpose")
