"""What happens to orders when payments change."""

from django.db.models.signals import post_save
from django.dispatch import receiver

from orders.models import Order, StatusChange
from payments.models import Payment


@receiver(post_save, sender=Payment)
def confirm_paid_order(sender, instance, raw, **kwargs):
    """An order is confirmed once its money is there."""
    order = instance.order
    if raw or instance.state != Payment.State.CAPTURED or order.status != Order.Status.PENDING:
        return
    order.status = Order.Status.CONFIRMED
    order.save(update_fields=["status", "changed_at"])
    StatusChange.objects.create(order=order, status=order.status, by=instance.customer)
