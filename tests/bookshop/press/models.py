"""The books of press; each change counts its version up."""

from django.db import models


class Book(models.Model):
    isbn = models.CharField(max_length=20, primary_key=True)
    title = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    blurb = models.TextField(null=True)
    version = models.BigIntegerField(default=1)


class Author(models.Model):
    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100)
    changed_at = models.DateTimeField()
    home = models.JSONField(null=True)
