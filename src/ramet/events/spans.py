"""The spans of an event on its way: published, sent, received, worked off.

Each but the first is a child of the span that published it, whose context travels with the event
and is stored with it, and has a link to it: it lay in a table in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from opentelemetry.trace import SpanKind

from ramet.events.surroundings import surroundings
from ramet.telemetry import propagation, tracing
from ramet.telemetry.messaging import message_shape
from ramet.telemetry.spans import Parent, Shape

if TYPE_CHECKING:
    from ramet.events.claims import Claimed

__all__ = ["Carried", "handling", "publishing", "travelling"]


class Carried(NamedTuple):
    """What the spans of an event tell of it; `headers` are those that it travels with."""

    type: str
    id: UUID
    key: str
    headers: dict[str, str]


def publishing(type_name: str, event_id: UUID, key: str) -> AbstractContextManager[object]:
    """The span in which an event becomes a row of the outbox."""
    said = {"messaging.message.id": str(event_id), "ramet.event.key": key}
    owner = surroundings().service_of(type_name) if tracing.is_on() else None
    return tracing.work(_publish(type_name), said, service=owner)


@contextmanager
def travelling(operation: str, events: Iterable[Carried], service: str | None) -> Iterator[None]:
    """A span for each event that is sent ("send") or received ("receive") in the block.

    For those only whose trace is sampled: there are many at a time, and the others' are not kept.
    """
    spans = []
    if tracing.is_on():
        for event in events:
            parent = _parent(event.headers)
            if parent is not None and parent.is_sampled:
                said = {"messaging.message.id": str(event.id), "ramet.event.key": event.key}
                shape = _TRAVELS[operation](event.type)
                links = (parent.link(),)
                spans.append(
                    tracing.start(shape, said, parent=parent, links=links, service=service)
                )
    try:
        yield
    except BaseException as error:
        for span in spans:
            span.fail(error)
        raise
    finally:
        for span in spans:
            span.end()


def handling(claimed: Claimed) -> AbstractContextManager[object]:
    """The span of one attempt of a handler."""
    if not tracing.is_on():
        return tracing.work(_process("", ""))
    parent = _parent(claimed.headers)
    said = {
        "messaging.message.id": claimed.event_id,
        "ramet.event.key": claimed.key,
        "ramet.attempt": claimed.attempts + 1,
    }
    return tracing.work(
        _process(claimed.type, claimed.handler),
        said,
        parent=parent,
        links=() if parent is None else (parent.link(),),
        service=surroundings().service_of(claimed.handler),
    )


def _parent(headers: dict[str, str]) -> Parent | None:
    return propagation.parent_in(headers.get("traceparent"), headers.get("tracestate"))


_shape = partial(message_shape, "ramet")


@lru_cache(maxsize=1024)
def _publish(type_name: str) -> Shape:
    return _shape("publish", SpanKind.PRODUCER, "create", type_name)


@lru_cache(maxsize=1024)
def _send(type_name: str) -> Shape:
    return _shape("send", SpanKind.PRODUCER, "send", type_name)


@lru_cache(maxsize=1024)
def _receive(type_name: str) -> Shape:
    return _shape("receive", SpanKind.CONSUMER, "receive", type_name)


@lru_cache(maxsize=1024)
def _process(type_name: str, handler: str) -> Shape:
    return _shape("process", SpanKind.CONSUMER, "process", type_name, {"ramet.handler": handler})


_TRAVELS = {"send": _send, "receive": _receive}
