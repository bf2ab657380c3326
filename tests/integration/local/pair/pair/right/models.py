"""What the right service heard."""

from django.db import models


class Heard(models.Model):
    text = models.CharField(max_length=100)
