"""`Refused`: a business "no" that callers catch by class and that carries typed fields.

It differs from every other error of a call in that nothing is broken: it is never retried, and it
ends a saga.
"""

import sys
from typing import Any, ClassVar, dataclass_transform

import msgspec

from ramet.calls import wire_types
from ramet.calls.errors import RemoteError
from ramet.calls.exactness import Exactness, Inexact
from ramet.errors import DiagnosticError, Mistake

__all__ = ["Refused", "find_refusal", "refusals"]

_refusals: dict[str, type["Refused"]] = {}


@dataclass_transform(field_specifiers=(msgspec.field,))
class Refused(RemoteError):
    """Base of refusals; a subclass annotates its fields as a dataclass does.

    `class OutOfStock(ramet.Refused): sku: str` is raised as `OutOfStock(sku="SPADE")` and caught on
    the other side with the same field. A refusal that callers shall catch by its own class stands
    in, or is imported into, the module of the contract; any other arrives as plain `Refused`, whose
    `wire_name` and `fields` tell what it was. Raises DiagnosticError at class definition for a
    field whose type cannot cross the wire, or whose name this class needs itself.
    """

    code = "failed_precondition"
    ramet_is_no_fault = True
    """To telemetry: an answer, no failure of anything."""

    wire_name: str = "ramet.Refused"
    """The module without its `.contract`, and the class: `shop.products.OutOfStock`."""
    fields: dict[str, Any]
    """The fields as plain JSON values, as they cross the wire."""

    Fields: ClassVar[type[msgspec.Struct] | None] = None
    """The struct that gives the fields their types; None for plain `Refused`."""
    _exact: ClassVar[Exactness]

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.fields = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.wire_name = f"{cls.__module__.removesuffix('.contract')}.{cls.__name__}"
        cls.Fields = _declare_fields(cls)
        cls._exact = Exactness(cls.Fields)
        cls.__init__ = _set_fields  # type: ignore[method-assign]
        _refusals[cls.wire_name] = cls

    @property
    def message(self) -> str:
        """The class and its fields; for a refusal of unknown class, what the callee said."""
        if self.Fields is None:
            return super().message
        fields = ", ".join(f"{f}={getattr(self, f)!r}" for f in self.Fields.__struct_fields__)
        return f"{type(self).__name__}({fields})"


def find_refusal(wire_name: str, module: str) -> type[Refused] | None:
    """Return the class of this name if a caller that knows only the contract's module knows it."""
    refusal = _refusals.get(wire_name)
    if refusal is None or refusal.__module__ == module:
        return refusal
    visible = getattr(sys.modules.get(module), refusal.__name__, None)
    return refusal if visible is refusal else None


def refusals() -> list[type[Refused]]:
    """Return every subclass that has been imported."""
    return list(_refusals.values())


def _set_fields(self: Refused, *args: Any, **kwargs: Any) -> None:
    """The constructor of every subclass: arguments as a dataclass takes them."""
    assert self.Fields is not None
    try:
        values = self.Fields(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{type(self).__name__}: {error}") from None
    try:
        self._exact.check(values)
    except Inexact as error:
        raise ValueError(f"{type(self).__name__}.{error.path}: {error.problem}") from None
    for field in self.Fields.__struct_fields__:
        setattr(self, field, getattr(values, field))
    # pickle and copy build an exception from its `args`.
    self.args = msgspec.structs.astuple(values)
    self.fields = msgspec.to_builtins(values)


def _declare_fields(refusal: type[Refused]) -> type[msgspec.Struct]:
    """Make the struct of a subclass; collects every mistake in its fields."""
    hints = wire_types.fields(refusal, below=Refused)
    where = f"{refusal.__module__}.{refusal.__qualname__}"
    mistakes = [
        Mistake(
            reference="refusal-field-reserved",
            where=f"{where}.{name}",
            found=f"a field named {name}",
            expected="a name that ramet.Refused does not use itself",
            remedy=f"rename the field {name}",
        )
        for name in hints
        if hasattr(Refused, name) or name == "fields"
    ]
    for name, annotation in hints.items():
        mistakes += wire_types.mistakes(annotation, f"{where}.{name}")
    if mistakes:
        raise DiagnosticError(*mistakes)
    declared: list[Any] = [
        (name, annotation, getattr(refusal, name)) if hasattr(refusal, name) else (name, annotation)
        for name, annotation in hints.items()
    ]
    return msgspec.defstruct(f"{refusal.__name__}Fields", declared, module=refusal.__module__)
