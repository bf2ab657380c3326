"""Finds the values that have the right type and yet would arrive as another value.

JSON has no NaN and no infinity: msgspec writes null. RFC 3339 has no offsets with seconds: msgspec
rounds them. Where a record is declared, only its fields cross: those which a subclass adds are cut.
What to look at is worked out once for each type, so that most calls are not looked at.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import msgspec
from msgspec import inspect

__all__ = ["Exactness", "Inexact"]


class Inexact(Exception):
    """A value that cannot arrive as it is: what is wrong, and the path, as `lines[0].weight`."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = ""

    def below(self, path: str) -> "Inexact":
        """Return itself, its path now beginning with the part around it."""
        self.path = f"{path}{self.path}"
        return self


_Look = Callable[[Any], None]
"""Raises Inexact. Passes over values of another type, which the receiver refuses."""


class Exactness:
    """Whether the values of one struct, which holds arguments or a result, arrive as they are."""

    __slots__ = ("_always", "_look", "_records")

    def __init__(self, struct: type[msgspec.Struct]) -> None:
        plan = _Plan()
        self._look = plan.look(inspect.type_info(struct))
        self._always = plan.has_inexact_scalars
        self._records = tuple(plan.records - {struct})

    def check(self, values: msgspec.Struct) -> None:
        """Raise Inexact for a value that would arrive as another."""
        if self._always or self._is_extended():
            try:
                self._look(values)
            except Inexact as error:
                error.path = error.path.removeprefix(".")
                raise

    def _is_extended(self) -> bool:
        """Whether anybody has subclassed a record by now; classes may come at any time."""
        for record in self._records:  # noqa: SIM110  a generator would cost twice as much
            if record.__subclasses__():
                return True
        return False


class _Plan:
    """Makes the function that looks at values of a type, and notes when it is needed at all."""

    def __init__(self) -> None:
        self.has_inexact_scalars = False
        self.records: set[type] = set()
        self._fields: dict[Any, list[tuple[str, _Look]]] = {}

    def look(self, kind: inspect.Type, siblings: Iterable[inspect.Type] = ()) -> _Look:
        """`siblings` are the members of the union around, any of which a value may be."""
        match kind:
            case inspect.FloatType():
                self.has_inexact_scalars = True
                return _look_at_float
            case inspect.DateTimeType() | inspect.TimeType():
                self.has_inexact_scalars = True
                return _look_at_offset
            case inspect.StructType() | inspect.DataclassType():
                return self._look_at_record(kind, siblings)
            case inspect.UnionType():
                return _look_as_each([self.look(each, kind.types) for each in kind.types])
            case inspect.DictType():
                return _look_at_values(self.look(kind.value_type))
            case inspect.TupleType():
                return _look_by_position([self.look(each) for each in kind.item_types])
            case inspect.CollectionType():
                return _look_at_items(self.look(kind.item_type))
            case _:
                return _pass_over

    def _look_at_record(
        self, kind: inspect.StructType | inspect.DataclassType, siblings: Iterable[inspect.Type]
    ) -> _Look:
        declared = _class_of(kind)
        others = {_class_of(each) for each in siblings if hasattr(each, "cls")} - {declared}
        known = self._fields.get(kind.cls)  # of a generic record: with what is in it
        if known is None:
            self.records.add(declared)
            # Filled in only after it is known: a record may hold itself.
            known = self._fields[kind.cls] = []
            for field in kind.fields:
                look = self.look(field.type)
                if look is not _pass_over:
                    known.append((field.name, look))
        return _Record(declared, frozenset(f.name for f in kind.fields), others, known)


@dataclass(slots=True)
class _Record:
    declared: type
    names: frozenset[str]
    others: set[type]
    fields: list[tuple[str, _Look]]

    def __call__(self, value: Any) -> None:
        kind = type(value)
        if kind is not self.declared:
            if kind in self.others or not isinstance(value, self.declared):
                return
            extra = sorted(set(_names(value)) - self.names)
            if extra:
                raise Inexact(
                    f"Expected `{self.declared.__name__}`, got `{kind.__name__}`, whose "
                    f"{', '.join(extra)} would be lost"
                )
        for name, look in self.fields:
            try:
                look(getattr(value, name))
            except Inexact as error:
                raise error.below(f".{name}") from None


def _class_of(kind: Any) -> type:
    """The class of a record; of a generic one, `Page` for `Page[Product]`."""
    found: type = getattr(kind.cls, "__origin__", kind.cls)
    return found


def _names(record: Any) -> Iterable[str]:
    names: Iterable[str] = getattr(record, "__struct_fields__", ())
    return names or getattr(record, "__dataclass_fields__", ())


def _pass_over(_value: Any) -> None:
    """Every value of such a type arrives as it is."""


def _look_at_float(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise Inexact(f"Expected a finite `float`, got `{value}`, which JSON does not have")


def _look_at_offset(value: Any) -> None:
    if isinstance(value, datetime | time):
        offset = value.utcoffset()
        if offset is not None and (offset.seconds % 60 or offset.microseconds):
            raise Inexact(
                f"Expected an offset of whole minutes, got `{offset}`; "
                "RFC 3339 has no other: convert it to UTC"
            )


def _look_as_each(looks: list[_Look]) -> _Look:
    needed = [look for look in looks if look is not _pass_over]

    def look_as_each(value: Any) -> None:
        for look in needed:
            look(value)

    return look_as_each if needed else _pass_over


def _look_at_items(look: _Look) -> _Look:
    def look_at_items(value: Any) -> None:
        if isinstance(value, list | tuple | set | frozenset):
            for position, item in enumerate(value):
                try:
                    look(item)
                except Inexact as error:
                    raise error.below(f"[{position}]") from None

    return _pass_over if look is _pass_over else look_at_items


def _look_by_position(looks: list[_Look]) -> _Look:
    def look_by_position(value: Any) -> None:
        if isinstance(value, list | tuple):
            for position, (look, item) in enumerate(zip(looks, value, strict=False)):
                try:
                    look(item)
                except Inexact as error:
                    raise error.below(f"[{position}]") from None

    return _pass_over if all(look is _pass_over for look in looks) else look_by_position


def _look_at_values(look: _Look) -> _Look:
    def look_at_values(value: Any) -> None:
        if isinstance(value, dict):
            for item in value.values():
                try:
                    look(item)
                except Inexact as error:
                    raise error.below("[...]") from None  # as msgspec names them

    return _pass_over if look is _pass_over else look_at_values
