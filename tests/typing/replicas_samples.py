"""What type checkers must say of replicas.

Read by test_replicas_typing.py, never imported: a line with `# error: [code]` must give exactly
those errors, every other line none.
"""

from typing import assert_type

from django.db import models

import ramet


class Product(ramet.Replica):
    sku = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=200)

    class Source:
        version = "version"


product = Product.objects.get(pk="SPADE")
assert_type(product, Product)
assert_type(product.name, str)
assert_type(product.replica_version, int)
assert_type(Product.is_ready(), bool)
assert_type(Product.receive(object()), None)
assert_type([each.sku for each in Product.objects.filter(name="Spade")], list[str])
_ = product.nmae  # error: [attr-defined]
Product.recieve(object())  # error: [attr-defined]
