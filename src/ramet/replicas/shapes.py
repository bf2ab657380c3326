"""What is in an event, or in a row of an export, read from its annotations alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import msgspec
from msgspec import inspect as types

__all__ = ["as_version", "is_key", "is_record", "is_version", "part", "rows_of", "value_at"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RECORDS = (types.StructType, types.DataclassType)


def part(shape: Any, path: Sequence[str]) -> Any:
    """The type at a path of field names, `None` left aside; KeyError names the unknown part."""
    for name in path:
        inner = _unwrapped(shape)
        fields = {each.name: each.type for each in getattr(inner, "fields", ())}
        if name not in fields:
            raise KeyError(name)
        shape = fields[name]
    return shape


def rows_of(result: Any) -> Any:
    """The type of the rows that an export's result holds; None when it has another shape."""
    try:
        shape = types.type_info(result)
        rows, cursor = part(shape, ["rows"]), part(shape, ["next_cursor"])
    except (KeyError, TypeError):
        return None
    if not isinstance(rows, types.ListType) or not isinstance(cursor, types.StrType):
        return None
    return rows.item_type if is_record(rows.item_type) else None


def is_record(shape: Any) -> bool:
    """Whether it has fields of its own, and so no column can hold it."""
    return isinstance(_unwrapped(shape), _RECORDS)


def is_version(shape: Any) -> bool:
    """Whether versions can be of this type: always there, and one is greater than another."""
    return isinstance(shape, types.IntType | types.DateTimeType)


def is_key(shape: Any) -> bool:
    """Whether a row can be known by it."""
    return isinstance(shape, types.StrType | types.IntType | types.UUIDType)


def value_at(thing: object, path: Sequence[str]) -> Any:
    """The value at a path; None where a part on the way is None."""
    for name in path:
        if thing is None:
            return None
        thing = getattr(thing, name)
    return thing.value if isinstance(thing, Enum) else thing


def as_version(value: Any) -> int:
    """A version as it is stored: a time as microseconds since 1970, with which order is kept.

    Raises ValueError for a time without a zone, which is no point in time.
    """
    if not isinstance(value, datetime):
        return int(value)
    if value.tzinfo is None:
        raise ValueError(f"the version {value.isoformat()} has no time zone")
    return (value - _EPOCH) // timedelta(microseconds=1)


def _unwrapped(shape: Any) -> Any:
    """What a type is when it is not None."""
    while isinstance(shape, types.Metadata | types.UnionType):
        if isinstance(shape, types.Metadata):
            shape = shape.type
            continue
        others = [each for each in shape.types if not isinstance(each, types.NoneType)]
        if len(others) != 1:
            return shape
        shape = others[0]
    return shape


def shape_of(cls: type[Any]) -> Any:
    """The shape of an event's class."""
    return msgspec.inspect.type_info(cls)
