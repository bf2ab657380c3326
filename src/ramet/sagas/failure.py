"""Why a saga turned back, in a form that survives a restart and that undo methods can read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from ramet.calls.refusals import Refused
from ramet.sagas import storable

__all__ = ["Failure"]


@dataclass(frozen=True, slots=True)
class Failure:
    """What ended the way forward.

    `step` is the step that could not be done; `error` the name of the exception's class, such as
    `OutOfStock`; `fields` the typed fields of a refusal, as JSON values. `refused` tells a business
    "no" from a step that failed until its attempts or its timeout were used up.
    """

    step: str
    error: str
    message: str
    refused: bool
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, step: str, error: BaseException, *, refused: bool) -> "Failure":
        """The failure of `step` by `error`, made such that every database can store it."""
        message = storable.text(error)
        if isinstance(error, Refused):
            # A refusal whose class is not known here arrives as Refused, with its name in words.
            name = error.wire_name.rpartition(".")[2]
            return cls(step, storable.text(name), message, refused, storable.cleaned(error.fields))
        return cls(step, storable.text(type(error).__name__), message, refused, _fields(error))

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Failure":
        """What `stored()` gave."""
        return msgspec.convert(stored, cls)

    def stored(self) -> dict[str, Any]:
        """The failure as JSON values."""
        return asdict(self)


def _fields(error: BaseException) -> dict[str, Any]:
    """What an exception carries besides its message, as far as JSON can hold it."""
    known: dict[str, Any] = {}
    for name, value in vars(error).items():
        if name.startswith("_"):
            continue
        try:
            known[name] = storable.cleaned(msgspec.to_builtins(value, str_keys=True))
        except Exception:  # noqa: BLE001 - no JSON value; encoders and attributes raise what they like
            known[name] = storable.shown(value)  # for people; nothing is decided by it
    return known
