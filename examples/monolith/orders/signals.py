"""What orders tell others in this process."""

from django.dispatch import Signal

order_cancelled = Signal()
"""Sent with `order`, in the transaction that cancels it."""
