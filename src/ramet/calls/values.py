"""`Value`: what arguments, results and the fields of other values are made of."""

from typing import TYPE_CHECKING, Any, dataclass_transform

import msgspec

from ramet.calls import wire_types
from ramet.errors import DiagnosticError

__all__ = ["Value"]

if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
    class Value:
        """To a type checker, values are frozen dataclasses; documented below."""

        def __init_subclass__(cls, *, tag: str | bool | None = None, **options: Any) -> None: ...

else:

    class Value(msgspec.Struct, frozen=True):
        """An immutable value that crosses the wire and is compared by its fields.

        A subclass annotates fields as a dataclass does, and is constructed, compared and printed
        as one. Evolve it by adding fields with defaults: a peer that does not know a field ignores
        it, one that misses a required field refuses the message and names its path. Where an
        operation takes one of several values (`Card | Transfer`), each says `tag=True`, so that
        they can be told apart. Raises DiagnosticError at class definition for a field whose type
        cannot cross the wire.
        """

        def __init_subclass__(cls, **options: Any) -> None:
            super().__init_subclass__(**options)
            try:
                fields = wire_types.fields(cls, below=Value)
            except NameError:
                # It names a class further down, or itself; the contract that uses it will check.
                return
            mistakes = [
                mistake
                for name, annotation in fields.items()
                for mistake in wire_types.mistakes(
                    annotation, f"{cls.__module__}.{cls.__qualname__}.{name}", field_of=cls
                )
            ]
            if mistakes:
                raise DiagnosticError(*mistakes)
