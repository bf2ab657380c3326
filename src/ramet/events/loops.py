"""Which loops of events this process needs: it follows from what lives here."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from ramet.errors import DiagnosticError, Mistake
from ramet.events.brokers import Broker, connect
from ramet.events.brokers.shared_database import Mover
from ramet.events.declaration import EventType, declared
from ramet.events.inbox import inbox_loops
from ramet.events.leases import leases
from ramet.events.options import Options, options
from ramet.events.receiver import Receiver
from ramet.events.relay import Relay
from ramet.events.subscription import Subscription, subscriptions
from ramet.events.surroundings import Surroundings, surroundings
from ramet.events.worker import Loop, register_loop

log = structlog.get_logger("ramet.events")


def own_events(place: Surroundings) -> list[EventType]:
    """The events that the services of this process publish."""
    return [each for each in declared().values() if place.is_here(place.service_of(each.owner))]


def own_subscriptions(place: Surroundings) -> list[tuple[str, Subscription]]:
    """The subscriptions of the services of this process, each with its service."""
    found = []
    for each in subscriptions():
        service = place.service_of(each.function.__module__)
        if each.declaration is not None and service is not None and place.is_here(service):
            found.append((service, each))
    return found


@register_loop
def event_loops() -> Iterable[Loop]:
    """Relay, receivers and inbox. DiagnosticError when the broker cannot serve what is declared."""
    place, limits = surroundings(), options()
    publishes, subscribes = own_events(place), own_subscriptions(place)
    loops: list[Loop] = []
    if place.broker_url:
        broker = connect(
            place.broker_url,
            place.system,
            instance=place.instance,
            keeps_days=limits.broker_keeps,
        )
        _demand_order(broker, [each for _, each in subscribes])
        _demand_size(broker, limits)
        if publishes:
            loops.append(Relay(broker, leases(), place))
        loops += _receivers(broker, subscribes)
    elif place.is_whole:
        if publishes:
            loops.append(Mover(place))
    elif publishes or subscribes:
        log.error(
            "events.no_broker",
            found="some services of the system live elsewhere and RAMET_BROKER_URL is not set",
            remedy="set RAMET_BROKER_URL; until then events wait in the outbox",
        )
    if subscribes:
        loops += inbox_loops([each.handler for _, each in subscribes], limits.handler_threads)
    return loops


def _receivers(broker: Broker, subscribes: list[tuple[str, Subscription]]) -> list[Receiver]:
    """One for each service, so that services which move between processes keep their place."""
    by_service: dict[str, list[Subscription]] = {}
    for service, subscription in subscribes:
        by_service.setdefault(service, []).append(subscription)
    return [
        Receiver(service, wanted, broker, leases())
        for service, wanted in sorted(by_service.items())
    ]


def _demand_order(broker: Broker, wanted: list[Subscription]) -> None:
    ordered = [each for each in wanted if each.ordered]
    if ordered and not broker.capabilities.key_order:
        raise DiagnosticError(
            *(
                Mistake(
                    "broker-lacks-capability",
                    each.handler,
                    "a handler that needs its events in key order;"
                    f" {broker.capabilities.name} cannot",
                    "a broker that keeps the order of a key",
                    "use a broker that keeps it (docs/reference/brokers.md), let all services share"
                    " a database and no broker, or subscribe with ordered=False",
                )
                for each in ordered
            )
        )


def _demand_size(broker: Broker, limits: Options) -> None:
    """What `publish` accepts and the broker does not would wait in the outbox for ever."""
    largest = broker.capabilities.largest
    if limits.largest_event > largest:
        raise DiagnosticError(
            Mistake(
                "broker-lacks-capability",
                "RAMET_EVENTS in the settings",
                f"largest_event = {limits.largest_event}; {broker.capabilities.name} takes"
                f" {largest} bytes",
                "events that the broker takes",
                f"lower largest_event to at most {largest}",
            )
        )
