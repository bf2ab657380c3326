"""What is done and what follows from it: the two must agree whatever was killed in between."""

from django.db import models


class Deed(models.Model):
    """A change that an event announces; committed with it. Numbered from 1 within its key."""

    key = models.TextField()
    number = models.IntegerField()


class Effect(models.Model):
    """What one handler did for one event."""

    handler = models.TextField()
    key = models.TextField()
    number = models.IntegerField()
