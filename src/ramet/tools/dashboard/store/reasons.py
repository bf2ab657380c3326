"""Every reason for which something is not kept, or not wholly, in words."""

from __future__ import annotations

__all__ = ["SENTENCES", "sentence"]

SENTENCES = {
    # What the store does.
    "oldest-dropped": "More came than the limits allow; the oldest were dropped.",
    "disk-full": "The disk was full; what came meanwhile was lost.",
    "not-writable": "The file could not be written; what came meanwhile was lost.",
    "not-storable": "The database refused it; the dashboard's log says why.",
    "queue-full": "It came faster than it could be written; the sender was told to try again.",
    # What a sender did: the item is lost.
    "not-decodable": "Items that were no OTLP (such as text that is no UTF-8) were left out.",
    "wrong-id-length": "A trace id has 16 bytes and a span id 8; items with others were left out.",
    "zero-id": "An id of only zeros is none; such spans were left out.",
    "without-time": "Items without a time were left out.",
    "from-the-future": "Items from more than ten minutes ahead of this machine were left out.",
    "not-a-number": "Points that are no finite number were left out.",
    "malformed-histogram": "Histograms whose buckets contradict their bounds were left out.",
    "metric-without-name-or-values": "Metrics without a name or values were left out.",
    "malformed-request": "A request was no OTLP at all and was refused.",
    "too-large": "A request was larger than 16 MB and was refused.",
    # The item is kept, not wholly.
    "services-not-listed": "More than 200 services told of themselves; lists have the last ones.",
    "names-beyond-limit": (
        "More than 200 services, or 1,000 operations of one, were heard of; figures and map have"
        " the later ones as (others)."
    ),
    "ends-before-start": "Spans that end before they start are kept with a duration of zero.",
    "text-cut": "Long texts are kept with their beginning.",
    "attributes-cut": "Items keep 128 attributes, and none that are long or nested too deeply.",
    "events-cut": "Spans keep 128 events.",
    "links-cut": "Spans keep 128 links with valid ids.",
    "not-utf-8": "JSON that is no UTF-8 is kept with a replacement for each such byte.",
    "resource-not-decodable": "Who sent it could not be read; it is kept under `unknown_service`.",
}


def sentence(reason: str) -> str:
    """What happens to such items; the reason itself where a newer file knows one that we do not."""
    return SENTENCES.get(reason, reason)
