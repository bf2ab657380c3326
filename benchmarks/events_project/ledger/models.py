"""The one table."""

from django.db import models


class Entry(models.Model):
    """One sale."""

    sale = models.UUIDField()
    amount = models.IntegerField()
