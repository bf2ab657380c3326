"""What users does about what others announce."""

import ramet
from shop.orders.events import OrderConfirmed
from shop.users import services


@ramet.subscribe(OrderConfirmed, attempts=8)
def send_confirmation(event: OrderConfirmed) -> None:
    """Tell the customer: only this service knows their address."""
    services.confirm_order(event.customer_id, event.order_id, str(event.total))
