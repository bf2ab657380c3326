"""Declaring events: `@ramet.event` turns an annotated class into a typed, versioned fact.

All that can be known when the class is defined is checked then, so that an event that cannot travel
never reaches a deployment.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar, dataclass_transform
from uuid import UUID

import msgspec

from ramet.errors import DiagnosticError, Mistake
from ramet.events.errors import InvalidEvent

T = TypeVar("T")

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes the payload of the next version of a payload; see `event`."""

_ATTRIBUTE = "__ramet_event__"
_KEY_TYPES = (
    msgspec.inspect.StrType,
    msgspec.inspect.IntType,
    msgspec.inspect.UUIDType,
    msgspec.inspect.EnumType,
    msgspec.inspect.LiteralType,
)


@dataclass(frozen=True, slots=True)
class EventType:
    """What Ramet knows about one declared event."""

    cls: type[Any]
    name: str
    """The type on the wire, `shop.orders.OrderPlaced.v1`."""
    owner: str
    """Dotted path of the app that publishes it, `shop.orders`."""
    version: int
    key: str | None
    _decoder: msgspec.json.Decoder[Any] = field(repr=False, compare=False)
    upcasts: Mapping[int, Upcast] = field(default_factory=dict, repr=False, compare=False)

    @property
    def family(self) -> str:
        """What the names of all versions have in common, `shop.orders.OrderPlaced`."""
        return f"{self.owner}.{self.cls.__name__}"

    @property
    def versions(self) -> tuple[int, ...]:
        """Those that this class can be read from, its own last."""
        return (*sorted(self.upcasts), self.version)

    @property
    def names(self) -> tuple[str, ...]:
        """Those versions' names on the wire."""
        return tuple(f"{self.family}.v{version}" for version in self.versions)

    def encode(self, event: object) -> str:
        """JSON of the event's fields. Raises InvalidEvent naming the field that is wrong."""
        try:
            encoded = msgspec.json.encode(event)
            self._decoder.decode(encoded)  # annotations are not checked by a dataclass: do it here
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            raise InvalidEvent(f"{self.name} cannot be published: {error}") from error
        return encoded.decode()

    def decode(self, payload: str | bytes, version: int | None = None) -> Any:
        """The event of `payload`, which an older `version` may have written.

        Fields that this version does not know are ignored. Raises InvalidEvent when a required
        field is missing or has another type; what an upcast raises is raised.
        """
        try:
            if version is not None and version != self.version:
                payload = self._upcast(payload, version)
            return self._decoder.decode(payload)
        except msgspec.DecodeError as error:
            raise InvalidEvent(f"{self.name} received with other fields: {error}") from error

    def _upcast(self, payload: str | bytes, version: int) -> bytes:
        fields = msgspec.json.decode(payload, type=dict[str, Any])
        for each in range(version, self.version):
            fields = self.upcasts[each](fields)
            if not isinstance(fields, dict):
                raise InvalidEvent(
                    f"{self.name}: upcasts[{each}] returned {type(fields).__name__}; it must"
                    f" return the fields of version {each + 1} as a dict"
                )
        return msgspec.json.encode(fields)

    def key_of(self, event: object) -> str | None:
        """The text by which events are ordered; None: no order with any other event."""
        if self.key is None:
            return None
        value = getattr(event, self.key)
        return str(value.value) if isinstance(value, Enum) else str(value)

    def schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the payload."""
        return msgspec.json.schema(self.cls)


_declared: dict[str, EventType] = {}


def declared() -> dict[str, EventType]:
    """Every event declared in this process so far, by its name on the wire."""
    return dict(_declared)


def type_of(cls: type[Any]) -> EventType | None:
    """What `@event` attached to exactly this class; a subclass is another, undeclared, class."""
    return typing.cast("EventType | None", cls.__dict__.get(_ATTRIBUTE))


@dataclass_transform(kw_only_default=True, frozen_default=True)
def event(
    *, version: int, key: str | None, upcasts: Mapping[int, Upcast] | None = None
) -> Callable[[type[T]], type[T]]:
    """Declare a fact that a service announces: the class becomes a frozen, keyword-only dataclass.

    `version` counts incompatible shapes from 1 and is part of the name on the wire. `key` names
    the field whose events keep their order, usually the id of the thing that changed; None gives
    up order.

    `upcasts={1: function}` tells how the payload of version 1, a dict as JSON has it, becomes that
    of version 2, and so on up to the one before `version`: a handler of this class then receives
    events of those versions too, as this class. The older class need not exist any more.

    The class stands in the app's `events.py`. Raises DiagnosticError, all mistakes together, when a
    field cannot be carried as JSON, the key is no field, or the module is another one.
    """

    def declare(cls: type[T]) -> type[T]:
        mistakes = list(_mistakes_of_declaration(cls, version))
        mistakes += _mistakes_of_upcasts(cls, version, upcasts or {})
        made = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        mistakes += _mistakes_of_fields(made, key)
        if mistakes:
            raise DiagnosticError(*mistakes)
        owner = _owner(made.__module__)
        declaration = EventType(
            cls=made,
            name=f"{owner}.{made.__name__}.v{version}",
            owner=owner,
            version=version,
            key=key,
            _decoder=msgspec.json.Decoder(made),
            upcasts=dict(upcasts or {}),
        )
        former = _declared.get(declaration.name)
        if former is not None and former.cls.__qualname__ != made.__qualname__:
            raise DiagnosticError(_taken(made, former))
        setattr(made, _ATTRIBUTE, declaration)
        _declared[declaration.name] = declaration
        return made

    return declare


def _owner(module: str) -> str:
    """The app of an events module, `shop.orders` for `shop.orders.events` and for modules in it."""
    app, last = module.rpartition(".")[::2]
    return app if last == "events" else app.removesuffix(".events")


def _place(cls: type[Any]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _mistakes_of_declaration(cls: type[Any], version: int) -> Iterator[Mistake]:
    if "events" not in cls.__module__.split(".")[1:][-2:]:
        yield Mistake(
            "event-outside-events-module",
            _place(cls),
            f"an event declared in the module {cls.__module__}",
            "a module named events inside the app of the service that publishes it",
            f"move {cls.__name__} to events.py of its app; other services import events from there",
        )
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        yield Mistake(
            "event-version",
            _place(cls),
            f"version={version!r}",
            "a whole number from 1",
            "start with version=1 and add one for each incompatible change",
        )


def _mistakes_of_upcasts(
    cls: type[Any], version: int, upcasts: Mapping[int, Upcast]
) -> Iterator[Mistake]:
    if not upcasts:
        return
    found = sorted(upcasts, key=str)
    wanted = list(range(version - len(found), version)) if isinstance(version, int) else []
    if found != wanted or wanted[0] < 1:
        yield Mistake(
            "event-upcasts",
            _place(cls),
            f"upcasts of {', '.join(map(repr, found))} to version={version!r}",
            "a function for each version from the oldest that is still read to the one before"
            " this one, such as {1: ..., 2: ...} for version=3",
            "add what is missing between, or take out what is not older",
        )
    for each, function in upcasts.items():
        if not _takes_one(function):
            yield Mistake(
                "event-upcasts",
                f"{_place(cls)}, upcasts[{each!r}]",
                f"{function!r}",
                "a function of one argument: def name(old: dict[str, Any]) -> dict[str, Any]",
                f"let it take the fields of version {each} and return those of the next",
            )


def _takes_one(function: object) -> bool:
    if not callable(function) or inspect.iscoroutinefunction(function):
        return False
    try:
        inspect.signature(function).bind({})
    except (TypeError, ValueError):
        return False
    return True


def _mistakes_of_fields(cls: type[Any], key: str | None) -> Iterator[Mistake]:
    hints = _hints(cls)
    for name in (each.name for each in dataclasses.fields(cls)):
        hint = hints.get(name, UnresolvedName)
        if reason := _why_not_json(hint):
            yield Mistake(
                "event-field-not-serialisable",
                f"{_place(cls)}.{name}",
                f"the type {_readable(hint, cls, name)}: {reason}",
                "a type with one JSON form: str, int, float, bool, bytes, Decimal, UUID, datetime,"
                " date, time, timedelta, Enum, Value, dataclass, list, tuple, set, dict[str, ...]",
                f"give {name} such a type, or publish an id instead of the thing itself",
            )
        elif name == key and not isinstance(msgspec.inspect.type_info(hint), _KEY_TYPES):
            yield Mistake(
                "event-key-type",
                f"{_place(cls)}.{name}",
                f"the key {name} of type {_readable(hint, cls, name)}",
                "a key that is never absent and has one text: UUID, str, int or an enum",
                "use another field as key, or key=None to give up order",
            )
    if key is not None and key not in {each.name for each in dataclasses.fields(cls)}:
        yield Mistake(
            "event-key-unknown",
            _place(cls),
            f"key={key!r}, which is no field of {cls.__name__}",
            f"one of {', '.join(each.name for each in dataclasses.fields(cls)) or 'its fields'}",
            "name the field whose events must keep their order, or key=None to give up order",
        )


class UnresolvedName:
    """Stands for an annotation that names something that cannot be found in its module."""


def _hints(cls: type[Any]) -> dict[str, Any]:
    """Resolved annotations; one that cannot be must not hide the mistakes of the others."""
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except (NameError, TypeError, SyntaxError):
        hints: dict[str, Any] = {}
        for name, annotation in inspect.get_annotations(cls).items():
            probe = type("_Probe", (), {"__annotations__": {name: annotation}})
            probe.__module__ = cls.__module__
            try:
                hints |= typing.get_type_hints(probe, include_extras=True)
            except (NameError, TypeError, SyntaxError):
                hints[name] = UnresolvedName
        return hints


def _why_not_json(hint: Any) -> str | None:
    if hint is UnresolvedName:
        return "a name that its module does not have"
    try:
        info = msgspec.inspect.type_info(hint)
        msgspec.json.Decoder(hint)
    except (TypeError, NameError, RecursionError) as error:
        return str(error).splitlines()[0]
    return _unsound(info, set())


def _unsound(info: Any, seen: set[int]) -> str | None:
    """The first part of a type that JSON cannot give back as it was."""
    if id(info) in seen:
        return None
    seen.add(id(info))
    if isinstance(info, msgspec.inspect.CustomType):
        return f"{info.cls.__module__}.{info.cls.__qualname__} has no JSON form"
    if isinstance(info, msgspec.inspect.AnyType | msgspec.inspect.RawType):
        return "anything is allowed, so nothing can be promised about it"
    parts: list[Any] = []
    for name in ("fields", "types", "item_types"):
        parts += getattr(info, name, ())
    for name in ("item_type", "key_type", "value_type", "type"):
        if (part := getattr(info, name, None)) is not None:
            parts.append(part)
    return next((why for part in parts if (why := _unsound(part, seen))), None)


def _readable(hint: Any, cls: type[Any], name: str) -> str:
    if hint is UnresolvedName:
        return str(inspect.get_annotations(cls).get(name))
    return hint.__qualname__ if isinstance(hint, type) else str(hint)


def _taken(cls: type[Any], former: EventType) -> Mistake:
    return Mistake(
        "event-name-taken",
        _place(cls),
        f"a second event named {former.name}; the first is {_place(former.cls)}",
        "one class for one name and version",
        "rename one of them, or raise the version of the newer",
    )


def family_and_version(type_name: str) -> tuple[str, int] | None:
    """`shop.orders.OrderPlaced` and 2 of `shop.orders.OrderPlaced.v2`; None for another form."""
    family, _, version = type_name.rpartition(".v")
    if not family or re.fullmatch(r"[1-9][0-9]{0,9}", version) is None:
        return None
    return family, int(version)


def key_or_id(declaration: EventType, event: object, event_id: UUID) -> str:
    """The ordering key of one published event; without one it is ordered with itself only."""
    key = declaration.key_of(event)
    return str(event_id) if key is None else key
