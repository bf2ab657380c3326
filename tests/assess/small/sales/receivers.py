from django.db.models.signals import post_save
from django.dispatch import receiver


@receiver(post_save, sender="goods.Product")
def product_saved(**kwargs: object) -> None:
    """Sales listens to goods."""
