"""Subscribing: `@ramet.subscribe` names the function that works off one type of event."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ramet.errors import DiagnosticError, Mistake
from ramet.events.declaration import EventType, declared, family_and_version, type_of

E = TypeVar("E")
Handler = Callable[[E], None]

MOST_ATTEMPTS = 1000


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler of one event."""

    handler: str
    """The name under which the inbox knows it: dotted path of the function unless given."""
    function: Callable[[Any], None]
    cls: type[Any]
    attempts: int
    ordered: bool = True
    """Whether it takes the events of a key one after the other; else each by itself."""

    @property
    def declaration(self) -> EventType | None:
        """The event; None when the class was never declared with `@event` (check ramet.E003)."""
        return type_of(self.cls)

    def wants(self, type_name: str) -> bool:
        """Whether the inbox keeps an event with this name on the wire for the handler.

        Also one of a version that nothing here declares: newer code will know it. Not one of
        another version that is declared beside the handler's own: the handler chose.
        """
        declaration, named = self.declaration, family_and_version(type_name)
        if declaration is None or named is None or named[0] != declaration.family:
            return False
        return named[1] in declaration.versions or type_name not in _read_here(declaration)

    @property
    def settles(self) -> tuple[str, ...]:
        """The types of events that this code can settle for the handler; any other is held.

        Not only what the function gets: newer versions that are declared here beside the handler's
        own end without effect, if older code, which did not know them, kept them.
        """
        declaration = self.declaration
        if declaration is None:
            return ()
        newer = [
            name
            for name in _read_here(declaration)
            if (named := family_and_version(name)) and named[1] > declaration.version
        ]
        return (*declaration.names, *sorted(newer))


def _read_here(declaration: EventType) -> set[str]:
    """The names on the wire of every version of an event that some class here can read, also by
    upcasting."""
    return {
        name
        for each in declared().values()
        if each.family == declaration.family
        for name in each.names
    }


_subscriptions: dict[str, Subscription] = {}


def subscriptions() -> tuple[Subscription, ...]:
    """Every subscription made in this process so far."""
    return tuple(_subscriptions.values())


def subscriptions_to(type_name: str) -> tuple[Subscription, ...]:
    """Those that want the event with this name on the wire."""
    return tuple(each for each in _subscriptions.values() if each.wants(type_name))


def unordered_handlers() -> list[str]:
    """The names of the handlers that work off each event by itself."""
    return [each.handler for each in _subscriptions.values() if not each.ordered]


def subscription_of(handler: str) -> Subscription | None:
    """The subscription that the inbox knows by this name."""
    return _subscriptions.get(handler)


def subscribe(
    event: type[E], *, attempts: int = 8, name: str | None = None, ordered: bool = True
) -> Callable[[Handler[E]], Handler[E]]:
    """Have the decorated function called with every event of this type, in the order of its key.

    With `ordered=False` each event is worked off by itself: one that is slow, fails or waits keeps
    no other back, several of one key run at the same time, and a broker that keeps no order will
    do. Choose it where the order makes no difference, such as for a mail.

    The function, the inbox row's mark and everything that it writes or publishes commit together:
    it has exactly one effect an event, however often the event arrives. It runs in a transaction,
    so it calls no other service; start a saga for that. When it raises, all of it is rolled back
    and it is tried again with growing pauses, up to `attempts` times, while later events of the
    same key wait; then the event becomes a dead letter, kept until a person replays it, and the
    key goes on.

    `name` is what the inbox knows the handler by. Give one before renaming or moving the function:
    under a new name it would see no event a second time, but what waits under the old one would
    stay.

    Raises DiagnosticError when the function cannot be called with one event.
    """

    def register(function: Handler[E]) -> Handler[E]:
        handler = name or f"{function.__module__}.{function.__qualname__}"
        mistakes = _mistakes(function, event, attempts, handler)
        if mistakes:
            raise DiagnosticError(*mistakes)
        _subscriptions[handler] = Subscription(handler, function, event, attempts, ordered)
        return function

    return register


def _mistakes(
    function: Callable[..., Any], event: type[Any], attempts: int, handler: str
) -> list[Mistake]:
    where = f"{function.__module__}.{function.__qualname__}"
    expected = f"def {function.__name__}(event: {getattr(event, '__name__', event)}) -> None"
    mistakes = []
    if not inspect.isclass(event):
        mistakes.append(
            Mistake(
                "handler-event",
                where,
                f"a subscription to {event!r}, which is no class",
                "an event class, imported from the events module of the service that publishes it",
                "write @ramet.subscribe(OrderPlaced) with the class itself",
            )
        )
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        mistakes.append(
            Mistake(
                "handler-signature",
                where,
                "a coroutine or generator function",
                expected,
                "write an ordinary function: it runs in a thread, inside a database transaction",
            )
        )
    elif found := _wrong_parameters(function, event):
        mistakes.append(
            Mistake(
                "handler-signature", where, found, expected, "take the event as the only argument"
            )
        )
    if isinstance(attempts, bool) or not 1 <= attempts <= MOST_ATTEMPTS:
        mistakes.append(
            Mistake(
                "handler-attempts",
                where,
                f"attempts={attempts!r}",
                f"a whole number from 1 to {MOST_ATTEMPTS}",
                "leave it out for 8, which spreads over about one minute",
            )
        )
    former = _subscriptions.get(handler)
    if former is not None and (
        (former.function.__module__, former.function.__qualname__)
        != (function.__module__, function.__qualname__)
        or former.cls.__qualname__ != getattr(event, "__qualname__", None)
    ):
        mistakes.append(
            Mistake(
                "handler-name-taken",
                where,
                f"the handler name {handler}, already of "
                f"{former.function.__module__}.{former.function.__qualname__}"
                f" for {former.cls.__name__}",
                "one function and one event a name",
                "rename the function, or give one of them name=...",
            )
        )
    return mistakes


def _wrong_parameters(function: Callable[..., Any], event: type[Any]) -> str | None:
    """What is wrong with the parameters, in words."""
    parameters = list(inspect.signature(function).parameters.values())
    positional = [
        each
        for each in parameters
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD, each.VAR_POSITIONAL)
    ]
    needed = [
        each
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if not positional or len(needed) > 1 or (needed and needed[0] is not positional[0]):
        return f"{function.__name__}{inspect.signature(function)}"
    try:
        hint = typing.get_type_hints(function).get(positional[0].name)
    except NameError:  # imported for type checkers only: the annotation cannot be judged here
        return None
    if (
        inspect.isclass(hint)
        and hint is not Any
        and inspect.isclass(event)
        and not issubclass(event, hint)
    ):
        return f"a function of {hint.__name__} that subscribes to {event.__name__}"
    return None
