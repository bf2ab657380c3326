"""Which Python types cross the wire, decided when a class is defined and not when a call fails.

The rule: a type is allowed if what arrives equals what was sent, whatever process it arrives in.
"""

import dataclasses
import enum
import inspect
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from ramet.errors import Mistake

__all__ = ["fields", "mistakes"]

_SCALARS = frozenset(
    {Decimal, datetime, date, time, timedelta, UUID, str, int, float, bool, bytes, type(None)}
)
_KEYS = frozenset({str, int, UUID})
_EXPECTED = (
    "Decimal, datetime, date, time, timedelta, UUID, an Enum of str or int, str, int, float, bool, "
    "bytes, None, a ramet.Value, a dataclass; list, tuple, set, dict, Optional or Literal of these"
)
_Fault = tuple[str, Any, str]
"""Where, which annotation, what to do."""


def fields(cls: type, *, below: type = object) -> dict[str, Any]:
    """Return the annotated fields of a class and of its bases below `below`, in order.

    Raises NameError where an annotation names something that does not exist yet.
    """
    hints = typing.get_type_hints(cls, include_extras=True)
    return {
        name: hints[name]
        for owner in reversed(cls.__mro__)
        if issubclass(owner, below) and owner is not below
        for name in inspect.get_annotations(owner)
        if ClassVar not in (hints[name], typing.get_origin(hints[name]))
    }


def mistakes(annotation: Any, where: str, *, field_of: type | None = None) -> list[Mistake]:
    """Say what keeps a type from crossing the wire; empty when nothing does.

    `where` is the dotted name of the argument or field. The parts of a nested type are named below
    it, as `shop.products.v1.Products.reserve.lines[].sku`. `field_of` is the class being defined,
    which may recur in its own fields, and whose type variables stand for types yet to be named.
    """
    found = list(_faults(annotation, where, () if field_of is None else (field_of,)))
    if not found:
        try:
            msgspec.json.Decoder(annotation)
        except TypeError as error:  # such as a union whose members look alike on the wire
            remedy = str(error).split("\n", 1)[0]
            found.append((where, annotation, f"choose types that can be told apart: {remedy}"))
    return [
        Mistake(
            reference="type-cannot-cross-the-wire",
            where=place,
            found=part if isinstance(part, str) else _name(part),
            expected=_EXPECTED,
            remedy=remedy,
        )
        for place, part, remedy in found
    ]


def _faults(annotation: Any, where: str, inside: tuple[type, ...]) -> Iterator[_Fault]:
    """Yield the parts that cannot cross; `inside` holds the classes around, which may recur."""
    if annotation in _SCALARS if isinstance(annotation, type) else annotation is None:
        return
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, typing.NewType):
        yield from _faults(annotation.__supertype__, where, inside)
    elif hasattr(annotation, "__value__"):  # `type Name = ...` of Python 3.12
        yield from _faults(annotation.__value__, where, inside)
    elif origin is typing.Annotated:
        yield from _faults(args[0], where, inside)
    elif origin is typing.Literal:
        return
    elif origin in (typing.Union, types.UnionType):
        for part in args:
            yield from _faults(part, where, inside)
    elif origin in (list, set, frozenset) or (origin is tuple and args[-1:] == (Ellipsis,)):
        yield from _faults(args[0], f"{where}[]", inside)
    elif origin is tuple:
        for position, part in enumerate(args):
            yield from _faults(part, f"{where}[{position}]", inside)
    elif origin is dict:
        if args[0] not in _KEYS and not _is_enum(args[0]):
            yield where, annotation, "use str, int, UUID or an Enum as the key"
        yield from _faults(args[1], f"{where}[]", inside)
    elif isinstance(annotation, type):
        if getattr(annotation, "__parameters__", ()) and annotation not in inside:
            yield where, annotation, f"say what is in it, as {annotation.__name__}[...]"
        else:
            yield from _faults_of_class(annotation, where, inside)
    elif isinstance(origin, type) and _is_record(origin):  # a generic value: Page[Product]
        for part in args:
            yield from _faults(part, where, inside)
        yield from _faults_of_class(origin, where, inside)
    elif not (isinstance(annotation, typing.TypeVar) and inside):
        yield where, annotation, _advice(annotation)


def _faults_of_class(cls: type, where: str, inside: tuple[type, ...]) -> Iterator[_Fault]:
    if cls in inside:
        return
    if _is_enum(cls):
        if not all(isinstance(member.value, str | int) for member in cls):  # type: ignore[attr-defined]
            yield where, cls, "give every member of the Enum a str or an int as its value"
    elif _is_record(cls):
        try:
            parts = fields(cls)
        except NameError as error:
            yield where, cls, f"define it further up: {error}"
            return
        for name, part in parts.items():
            yield from _faults(part, f"{where}.{name}", (*inside, cls))
    else:
        yield where, cls, _advice(cls)


def _is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, enum.Enum)


def _is_record(cls: type) -> bool:
    return issubclass(cls, msgspec.Struct) or dataclasses.is_dataclass(cls)


def _advice(annotation: Any) -> str:
    if annotation in (list, set, frozenset, tuple, dict):
        return f"say what is in it, as {annotation.__name__}[...]"
    if hasattr(annotation, "_meta"):
        return "send the model's id, or a ramet.Value with the fields that the other side needs"
    if annotation in (Any, object):
        return "name the type: one that may be anything loses its type on the wire"
    return "use one of these types, or declare a ramet.Value"


def _name(annotation: Any) -> str:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return f"{annotation.__module__}.{annotation.__qualname__}".removeprefix("builtins.")
    return str(annotation)
