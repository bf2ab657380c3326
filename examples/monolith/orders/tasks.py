"""Care of orders, in the background."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from orders import services
from orders.models import Order

PATIENCE = timedelta(hours=2)


@shared_task
def expire_pending():
    """Cancel what was never paid."""
    late = Order.objects.unpaid().filter(
        status=Order.Status.PENDING, created_at__lt=timezone.now() - PATIENCE
    )
    for order in late:
        services.cancel(order, by=None, reason=Order.Reason.EXPIRED)
    return len(late)
