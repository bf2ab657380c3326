from django.conf import settings
from django.db import models


class Order(models.Model):
    product = models.ForeignKey("goods.Product", on_delete=models.PROTECT)


# No class body has it, so a reader of the source alone does not know it.
models.ForeignKey(
    settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL
).contribute_to_class(Order, "customer")
