"""OTLP in JSON: protobuf's JSON mapping, but ids in hexadecimal.

See "JSON Protobuf Encoding" in the OTLP specification. Each item becomes the message that binary
OTLP has, so that there is one set of rules after it. That takes about five times as long as binary
OTLP; what sends JSON is a script, a browser or `curl`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, TypeVar

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ramet.tools.dashboard.otlp.resources import Group
from ramet.tools.dashboard.otlp.signals import Signal
from ramet.tools.dashboard.otlp.tally import Tally
from ramet.tools.dashboard.otlp.wire import Malformed

__all__ = ["groups"]

Kind = TypeVar("Kind", bound=Message)

ITEMS = 100_000
"""Of one list; each takes time, and bytes of no meaning make millions."""
_IDS = ("traceId", "spanId", "parentSpanId")


def groups(body: bytes, signal: Signal, tally: Tally) -> Iterator[Group[Any]]:
    """The request's items by their resource. Raises `Malformed` where it is no JSON object."""
    for group in _objects(_document(body, tally), _camel(signal.groups), tally):
        resource = _message(Resource, group.get("resource") or {})
        if resource is None:
            tally.change("resource-not-decodable")
            resource = Resource()
        for scoped in _objects(group, _camel(signal.scopes), tally):
            items = _objects(scoped, _camel(signal.items), tally)
            found = [_message(signal.item, _with_ids(item)) for item in items]
            if lost := found.count(None):
                tally.reject("not-decodable", lost)
            yield Group(resource, [item for item in found if item is not None])


def _document(body: bytes, tally: Tally) -> dict[str, Any]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode(errors="replace")
        tally.change("not-utf-8")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise Malformed("JSON, but not an object")
    return document


def _objects(holder: dict[str, Any], name: str, tally: Tally) -> list[dict[str, Any]]:
    listed = holder.get(name) or []
    if not isinstance(listed, list):
        tally.reject("not-decodable")
        return []
    if len(listed) > ITEMS:
        raise Malformed(f"more than {ITEMS:,} items in one list")
    found = [each for each in listed if isinstance(each, dict)]
    if len(found) < len(listed):
        tally.reject("not-decodable", len(listed) - len(found))
    return found


def _message(kind: type[Kind], item: Any) -> Kind | None:
    """Protobuf's own reading: numbers as strings or numbers, unknown names ignored."""
    message: Kind = kind()
    try:
        ParseDict(item, message, ignore_unknown_fields=True)
    # A mistyped value makes it raise nearly anything, such as AttributeError where a list stands
    # for an object, and UnicodeEncodeError for half of a surrogate pair.
    except (ParseError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return message


def _with_ids(item: Any) -> Any:
    """The same with ids in base64, as protobuf reads them: an item's own and its links'."""
    if isinstance(item, list):
        return [_with_ids(each) for each in item]
    if not isinstance(item, dict):
        return item
    changed = dict(item)
    for name in _IDS:
        if isinstance(value := item.get(name), str):
            changed[name] = _base64(value)
    if "links" in item:
        changed["links"] = _with_ids(item["links"])
    return changed


def _base64(digits: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(digits)).decode()
    except ValueError:
        # No id at all: one byte has the wrong length, and is counted as that.
        return base64.b64encode(b"?").decode()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
