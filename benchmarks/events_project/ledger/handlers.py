"""Ramet's way to the work."""

from till.events import Sold

import ramet
from ledger.writing import write


@ramet.subscribe(Sold)
def write_down(event: Sold) -> None:
    write(event.sale, event.amount, event.watched)
