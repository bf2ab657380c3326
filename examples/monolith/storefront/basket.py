"""The basket: SKUs and quantities in the session, so that it needs no account."""

from products.models import Product

KEY = "basket"
MOST_PIECES = 99


class Basket:
    """The basket of one browser."""

    def __init__(self, session):
        self.session = session
        self.quantities = dict(session.get(KEY, {}))

    def __len__(self):
        return sum(self.quantities.values())

    def set(self, sku, quantity):
        """Have exactly so many pieces; none takes the line out."""
        if quantity > 0:
            self.quantities[sku] = min(quantity, MOST_PIECES)
        else:
            self.quantities.pop(sku, None)
        self.session[KEY] = self.quantities

    def add(self, sku, quantity=1):
        self.set(sku, self.quantities.get(sku, 0) + quantity)

    def clear(self):
        self.quantities = {}
        self.session[KEY] = {}

    def lines(self):
        """Products with the pieces wanted and what they cost, as the catalogue has them now."""
        products = Product.objects.available().filter(sku__in=self.quantities)
        return [(p, self.quantities[p.sku], p.price * self.quantities[p.sku]) for p in products]

    def total(self):
        return sum(amount for _, _, amount in self.lines())
