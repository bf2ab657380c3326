"""Run by the tests of the recorder, with pytest and with Django's runner; never by themselves."""

import pytest
from django.db import transaction
from django.test import TestCase
from goods.models import Book, Product

from sales import services
from sales.models import Order


class PlaceTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.product = Product.objects.create(name="Aspen", stock=5)

    def test_by_request(self) -> None:
        self.client.get(f"/sales/{self.product.pk}/")

    def test_by_call(self) -> None:
        services.cancel(services.place(self.product.pk))

    def test_rolled_back(self) -> None:
        with pytest.raises(ValueError, match="on purpose"):
            services.fail(self.product.pk)

    def test_of_its_own(self) -> None:
        with transaction.atomic():
            Product.objects.create(name="Birch")
            Order.objects.create(product=self.product)

    def test_of_djangos(self) -> None:
        Book.objects.create(name="Cedar")
