"""What orders does about what others announce."""

import ramet
from shop.orders import services
from shop.payments.events import PaymentReversed


@ramet.subscribe(PaymentReversed, attempts=8)
def cancel_unpaid_order(event: PaymentReversed) -> None:
    """Nobody pays for this order any more: take the goods back."""
    services.cancel(event.order_id)
