"""What services declare about replicas, for the manifest: whose data they copy, and which of it."""

from typing import Any

from ramet.placement import Here
from ramet.placement.manifest import contribute
from ramet.replicas.declaration import feeds

__all__ = ["replicas"]


def replicas(here: Here) -> dict[str, Any]:
    """Per service: each replica to its source and columns. A diff shows what is copied anew."""
    found: dict[str, Any] = {}
    for feed in sorted(feeds()[0], key=lambda feed: feed.label):
        service = here.service_of(feed.model.__module__)
        if service is None or not here.has(service):
            continue
        names = {event.cls: event.name for event in feed.events}
        found.setdefault(service, {})[feed.label] = {
            "source": here.service_of(feed.contract.__module__),
            "upsert": [names[event] for event in feed.upserts],
            "delete": [names[event] for event in feed.deletes],
            "export": feed.export,
            "version": ".".join(feed.version),
            "columns": {each.field.column: ".".join(each.path) for each in feed.columns},
        }
    return found


contribute("replicas", replicas)
