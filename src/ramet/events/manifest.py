"""What services declare about events, for the manifest: their events with schema, their
subscriptions."""

from typing import Any

from ramet.events.declaration import declared
from ramet.events.subscription import subscriptions
from ramet.events.surroundings import Surroundings, surroundings
from ramet.placement import Here
from ramet.placement.manifest import contribute


def events(here: Here) -> dict[str, Any]:
    """Per service: wire name to version, the older versions that it can be read from, key and JSON
    Schema."""
    place = Surroundings(here)
    found: dict[str, Any] = {}
    for each in sorted(declared().values(), key=lambda each: each.name):
        service = place.service_of(each.owner)
        if service is not None and place.is_here(service):
            found.setdefault(service, {})[each.name] = {
                "version": each.version,
                "reads": list(each.versions),
                "key": each.key,
                "schema": each.schema(),
            }
    return found


def handlers(here: Here) -> dict[str, Any]:
    """Per service: handler to the event that it works off, and its options."""
    place = Surroundings(here)
    found: dict[str, Any] = {}
    for each in sorted(subscriptions(), key=lambda each: each.handler):
        service = place.service_of(each.function.__module__)
        if each.declaration is not None and service is not None and place.is_here(service):
            found.setdefault(service, {})[each.handler] = {
                "event": each.declaration.name,
                "publisher": surroundings().service_of(each.declaration.owner),
                "versions": list(each.declaration.versions),
                "attempts": each.attempts,
                "ordered": each.ordered,
            }
    return found


contribute("events", events)
contribute("subscriptions", handlers)
