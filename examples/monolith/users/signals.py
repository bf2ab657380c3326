"""What happens to people's accounts when something is saved."""

from django.db.models.signals import post_save
from django.dispatch import receiver

from users import letters
from users.models import Letter, Profile, User


@receiver(post_save, sender=User)
def make_profile(sender, instance, created, raw, **kwargs):
    """Everybody has a profile."""
    if created and not raw:
        Profile.objects.create(user=instance)


@receiver(post_save, sender="orders.Order")
def write_about_order(sender, instance, raw, **kwargs):
    """The customer hears of what became of an order."""
    if raw:
        return
    if instance.status == "confirmed":
        letters.owe(Letter.Kind.CONFIRMATION, instance.customer, instance)
    elif instance.status == "cancelled":
        letters.owe(Letter.Kind.CANCELLATION, instance.customer, instance)
