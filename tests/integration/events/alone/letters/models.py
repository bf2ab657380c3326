"""What the handler writes."""

from django.db import models


class Answer(models.Model):
    text = models.TextField()

    class Meta:
        app_label = "letters"
