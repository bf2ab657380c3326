from django.conf import settings
from django.db import models


class Product(models.Model):
    name = models.CharField(max_length=50)
    stock = models.IntegerField(default=0)


class Book(Product):
    fans = models.ManyToManyField(settings.AUTH_USER_MODEL)


class Offer(Product):
    class Meta:
        proxy = True
