"""What the steps of the test's sagas do, in a table."""

from django.db import models


class Effect(models.Model):
    """One row for each time that a method had an effect."""

    run = models.UUIDField()
    method = models.CharField(max_length=50)
    idempotency_key = models.CharField(max_length=100, null=True, unique=True)
    at = models.DateTimeField(auto_now_add=True)
