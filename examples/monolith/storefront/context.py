"""What every page shows."""

from products.models import Category


def shop(request):
    """The shelves, the basket's size, and how many orders are under way."""
    user = request.user
    return {
        "categories": Category.objects.filter(parent=None),
        "basket_size": len(request.basket),
        "open_orders": user.open_orders().count() if user.is_authenticated else 0,
    }
