"""Moving stock, always in a transaction of the caller and with the products locked by SKU."""

from products.models import Product, StockMovement

Kind = StockMovement.Kind


class OutOfStock(Exception):
    """There are fewer pieces of `product` than were asked for."""

    def __init__(self, product):
        super().__init__(f"Only {product.stock} of {product.name} are left.")
        self.product = product


def lock(skus):
    """The products by SKU, which nobody else can sell until the transaction ends."""
    found = Product.objects.select_for_update().filter(sku__in=skus, is_withdrawn=False)
    return {product.sku: product for product in found.order_by("sku")}


def give_back(order):
    """Put back what an order took, once."""
    if order.stock_movements.filter(kind=Kind.RETURNED).exists():
        return
    for line in order.lines.select_related("product"):
        _move(line.product, Kind.RETURNED, line.quantity, order)


def supply(product, quantity):
    """Pieces that were delivered."""
    _move(product, Kind.SUPPLIED, quantity, None)


def _move(product, kind, quantity, order):
    StockMovement.objects.create(product=product, kind=kind, quantity=quantity, order=order)
    product.stock += quantity
    product.save(update_fields=["stock", "changed_at"])
