"""`manage.py sales_report`: what was sold, to whom, and what went back."""

from django.core.management.base import BaseCommand

from orders.reports import best_customers, refund_share, turnover_by_category
from products.bestsellers import bestsellers


class Command(BaseCommand):
    help = "Print what the shop earns."

    def handle(self, **options):
        for name, orders, turnover in turnover_by_category():
            self.stdout.write(f"{name}: {orders} orders, €{turnover:.2f}")
        for sku, name, pieces, _ in bestsellers():
            self.stdout.write(f"{sku} {name}: {pieces} pieces")
        for row in best_customers():
            self.stdout.write(f"{row['customer__username']} paid €{row['paid']:.2f}")
        self.stdout.write(f"refunded: {refund_share():.0%}")
