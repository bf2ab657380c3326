"""The basket: article numbers and quantities, in the session, so that it needs no sign-in."""

from collections.abc import Iterator

from django.http import HttpRequest

MOST_LINES = 30
MOST_PIECES = 99

_SESSION_KEY = "storefront.basket"


class BasketFull(Exception):
    """The basket has as many different articles as one order may have."""


class Basket:
    """The basket of one browser. Prices and names are asked for when it is shown, never stored."""

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session
        self._quantities: dict[str, int] = dict(request.session.get(_SESSION_KEY, {}))

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Article number and quantity, in the order in which they were added."""
        return iter(self._quantities.items())

    def __len__(self) -> int:
        """How many pieces there are."""
        return sum(self._quantities.values())

    def add(self, sku: str, quantity: int) -> None:
        """Put more pieces in; no line ever exceeds `MOST_PIECES`. Raises BasketFull."""
        self.set(sku, self._quantities.get(sku, 0) + quantity)

    def set(self, sku: str, quantity: int) -> None:
        """Have exactly so many pieces; none or fewer takes the line out. Raises BasketFull."""
        if quantity <= 0:
            self._quantities.pop(sku, None)
        elif sku not in self._quantities and len(self._quantities) >= MOST_LINES:
            raise BasketFull
        else:
            self._quantities[sku] = min(quantity, MOST_PIECES)
        self._save()

    def clear(self) -> None:
        """Take everything out."""
        self._quantities.clear()
        self._save()

    def _save(self) -> None:
        self._session[_SESSION_KEY] = self._quantities
