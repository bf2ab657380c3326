"""What happens to the catalogue when something else happens."""

from django.db.models import Avg
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from orders.signals import order_cancelled
from products import stock
from products.models import Product, Review


@receiver([post_save, post_delete], sender=Review)
def rate(sender, instance, **kwargs):
    """A product's rating is the mean of its reviews'."""
    mean = Review.objects.filter(product=instance.product).aggregate(mean=Avg("rating"))["mean"]
    Product.objects.filter(pk=instance.product_id).update(rating=mean)


@receiver(order_cancelled)
def restock(sender, order, **kwargs):
    """What a cancelled order had taken can be bought again."""
    stock.give_back(order)
