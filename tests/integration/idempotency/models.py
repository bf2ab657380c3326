"""What the view does, in a table."""

from django.db import models


class Effect(models.Model):
    """One row for each time that the view had its effect."""

    label = models.CharField(max_length=50)
