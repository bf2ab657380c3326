"""`manage.py load_demo`: people, products, and an order or two, to try the shop with."""

from decimal import Decimal

from django.core.management.base import BaseCommand
from django.db import transaction

from orders.models import Coupon, Order
from orders.services import cancel, place
from products import stock
from products.models import Category, Product, Review, Supplier
from users.models import User
from users.services import add_address, register

CATALOGUE = [
    ("TL-101", "Forged hand trowel", "Tools", "18.50", 180),
    ("TL-102", "Hand fork, three tines", "Tools", "17.90", 160),
    ("TL-103", "Bypass secateurs", "Tools", "42.00", 95),
    ("SD-201", "Tomato, Marmande", "Seeds", "2.80", 600),
    ("SD-202", "Sweet pea, mixed", "Seeds", "3.20", 400),
    ("PL-301", "Olive tree, forty years old", "Plants", "1249.00", 2),
]


class Command(BaseCommand):
    help = "Load people, products and orders to try the shop with."

    @transaction.atomic
    def handle(self, **options):
        if User.objects.exists():
            self.stdout.write("there is something already")
            return
        clerk = User.objects.create_superuser("clerk", "clerk@grove.example", "grove-demo")
        supplier = Supplier.objects.create(name="Nursery Ltd", contact=clerk, created_by=clerk)
        for sku, name, category, price, pieces in CATALOGUE:
            shelf, _ = Category.objects.get_or_create(name=category)
            product = Product.objects.create(
                sku=sku,
                name=name,
                category=shelf,
                price=Decimal(price),
                supplier=supplier,
                created_by=clerk,
            )
            stock.supply(product, pieces)
        Coupon.objects.create(code="SPRING", percent=10, created_by=clerk)
        alice, bob = (self._customer(name) for name in ("alice", "bob"))
        self._buy(alice, {"TL-101": 1, "SD-201": 3}, "SPRING")
        cancel(self._buy(bob, {"PL-301": 1}), by=clerk, reason=Order.Reason.BY_CUSTOMER)
        trowel = Product.objects.get(sku="TL-101")
        Review.objects.create(product=trowel, user=alice, rating=5, text="It digs.")
        self.stdout.write(f"{Product.objects.count()} products, {Order.objects.count()} orders")

    def _customer(self, name):
        user = register(name, f"{name}@grove.example", "grove-demo")
        add_address(user, name=name.title(), street="1 Elm Row", postcode="D01", city="Dublin")
        return user

    def _buy(self, customer, quantities, coupon=""):
        return place(customer, quantities, customer.profile.default_address, "tok_ok", coupon)
