"""Django system checks of events. Ids are Ramet's: E001 and E002 are placement's."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from ramet.events.subscription import Subscription, subscriptions
from ramet.events.surroundings import Surroundings, surroundings


@register("ramet")
def undeclared_subscriptions(app_configs: Any = None, **kwargs: Any) -> Sequence[CheckMessage]:
    """ramet.E003: a subscription to what nobody publishes would wait for ever without a word."""
    place = surroundings()
    return [error for each in subscriptions() if (error := _undeclared(each, place)) is not None]


def _undeclared(subscription: Subscription, place: Surroundings) -> Error | None:
    name = f"{subscription.cls.__module__}.{subscription.cls.__qualname__}"
    if subscription.declaration is None:
        return Error(
            f"{subscription.handler} subscribes to {name}, which is not declared as an event.",
            hint=f"Declare {subscription.cls.__name__} with @ramet.event(version=1, key=...) in the"
            " events.py of the service that publishes it, and import it from there.",
            obj=subscription.handler,
            id="ramet.E003",
        )
    if place.service_of(subscription.declaration.owner) is None:
        return Error(
            f"{subscription.handler} subscribes to {name}, but no service of the system owns"
            f" {subscription.declaration.owner}, so nobody publishes it.",
            hint=f"Add {subscription.declaration.owner} to the apps of a service in ramet.toml, or"
            " remove the subscription.",
            obj=subscription.handler,
            id="ramet.E003",
        )
    return None
