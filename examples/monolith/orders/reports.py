"""What the shop earns."""

from django.apps import apps
from django.db import connection
from django.db.models import Count, Sum

from orders.models import Order


def turnover_by_category():
    """Category, orders and what was paid in euros, as the accountants want it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.name, COUNT(DISTINCT o.id), SUM(l.quantity * l.price)
              FROM orders_order o
              JOIN orders_orderline l ON l.order_id = o.id
              JOIN products_product p ON p.id = l.product_id
              JOIN products_category c ON c.id = p.category_id
              JOIN payments_payment pay ON pay.order_id = o.id AND pay.state = 'captured'
             GROUP BY c.name
             ORDER BY c.name
            """
        )
        return cursor.fetchall()


def best_customers(limit=10):
    """Orders with what each customer paid for them, the best customers first."""
    return (
        Order.objects.filter(payments__state="captured")
        .values("customer__username", "customer__profile__phone")
        .annotate(orders=Count("pk", distinct=True), paid=Sum("payments__captured"))
        .order_by("-paid")[:limit]
    )


def refund_share():
    """How much of what was taken went back, from 0 to 1."""
    payment = apps.get_model("payments", "Payment")
    sums = payment.objects.aggregate(captured=Sum("captured"), refunded=Sum("refunded"))
    return float((sums["refunded"] or 0) / sums["captured"]) if sums["captured"] else 0.0
