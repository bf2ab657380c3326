from django.db import models


class Draft(models.Model):
    order = models.ForeignKey("sales.Order", on_delete=models.CASCADE)
