"""A saga's fields as JSON and back: a step reads exactly what the step before it stored."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from ramet.calls import wire_types
from ramet.errors import Mistake
from ramet.sagas import storable

__all__ = ["RESERVED", "State", "decoded", "encoded"]

RESERVED = frozenset({"failure", "reply", "run_id", "start"})
"""Names of Saga itself, which neither a field nor a step must take."""


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """The declared fields of one saga class and how they are stored."""

    types: Mapping[str, Any]
    required: frozenset[str]

    @classmethod
    def of(cls, saga: type) -> tuple[State, list[Mistake]]:
        """The fields of a dataclass, and a mistake for each that cannot be stored.

        What may be stored is what may cross the wire: both must come back as they were.
        """
        where = f"{saga.__module__}.{saga.__qualname__}"
        fields = dataclasses.fields(saga)
        required = frozenset(
            field.name
            for field in fields
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        try:
            hints = typing.get_type_hints(saga, include_extras=True)
        except NameError as error:
            return cls({}, required), [_unknown_name(where, error)]
        types = {field.name: hints[field.name] for field in fields}
        mistakes = []
        for name, kind in types.items():
            if name in RESERVED:
                mistakes.append(_reserved(f"{where}.{name}"))
            else:
                mistakes += wire_types.mistakes(kind, f"{where}.{name}")
        return cls(types, required), mistakes

    def encode(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The fields in `values` as JSON values.

        TypeError names a field of the wrong type, or one with a value that cannot be stored.
        """
        stored = {}
        for name, kind in self.types.items():
            if name not in values:
                continue
            stored[name] = encoded(values[name], kind, f"field {name}")
        return stored

    def decode(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The typed fields of what `encode` gave; those that the class lost are dropped."""
        values = {}
        for name, kind in self.types.items():
            if name not in stored:
                if name in self.required:
                    raise TypeError(f"field {name}: not in the stored state, and has no default")
                continue
            values[name] = decoded(stored[name], kind, f"field {name}")
        return values


def encoded(value: object, kind: Any, what: str) -> Any:
    """`value` as a JSON value. TypeError, naming `what`, if it is no `kind` or cannot be stored."""
    try:
        stored = msgspec.to_builtins(value, str_keys=True)
        msgspec.convert(stored, kind, str_keys=True)
    except (msgspec.ValidationError, TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"{what}: {error}") from error
    if wrong := storable.fault(stored):
        raise TypeError(f"{what}: {wrong}, which no database stores")
    return stored


def decoded(stored: Any, kind: Any, what: str) -> Any:
    """What `encoded` made into JSON. TypeError, naming `what`, if it is no `kind`."""
    try:
        return msgspec.convert(stored, kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise TypeError(f"{what}: {error}") from error


def _unknown_name(where: str, error: NameError) -> Mistake:
    return Mistake(
        "saga-field-type",
        where,
        str(error),
        "annotations that can be evaluated when the class is defined",
        "import the name at the top of the module, not under TYPE_CHECKING",
    )


def _reserved(where: str) -> Mistake:
    return Mistake(
        "saga-field-name",
        where,
        "a field with a name that Saga itself uses",
        f"any name but {', '.join(sorted(RESERVED))}",
        "rename the field",
    )
