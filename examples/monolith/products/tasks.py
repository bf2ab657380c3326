"""Care of the stock, in the background."""

from celery import shared_task
from django.core.mail import mail_managers
from django.db.models import Sum

from products.models import Product, StockMovement

SCARCE = 5


@shared_task
def report_scarce():
    """Tell the managers what must be ordered, with what was sold of it."""
    scarce = Product.objects.filter(stock__lte=SCARCE).with_sales().select_related("supplier")
    if scarce:
        lines = [f"{p.sku} {p.name}: {p.stock} left, {p.pieces_sold} sold" for p in scarce]
        mail_managers("Running out", "\n".join(lines))
    return len(scarce)


@shared_task
def count_stock():
    """The SKUs of products whose stock is not the sum of their movements."""
    sums = dict(StockMovement.objects.values_list("product").annotate(Sum("quantity")))
    return [p.sku for p in Product.objects.all() if p.stock != sums.get(p.pk, 0)]
