"""Loans, and the reminder that each of them is owed."""

from django.db import models


class Loan(models.Model):
    """A book that somebody has at home."""

    title = models.CharField(max_length=200)
    reader = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.title}: {self.reader}"


class Reminder(models.Model):
    """A note to be sent when the loan is over. No constraint keeps it from being written twice."""

    loan_id = models.BigIntegerField()
    text = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.text
