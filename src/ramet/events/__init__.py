"""Events: declare, publish and subscribe; outbox, relay, inbox and their worker behind them."""

from ramet.events.declaration import EventType, event
from ramet.events.errors import EventTooLarge, InvalidEvent, PublishOutsideTransaction
from ramet.events.publishing import publish
from ramet.events.scheduled import cancel
from ramet.events.subscription import Subscription, subscribe

__all__ = [
    "EventTooLarge",
    "EventType",
    "InvalidEvent",
    "PublishOutsideTransaction",
    "Subscription",
    "cancel",
    "event",
    "publish",
    "subscribe",
]
