"""All saga definitions of this process: a run finds its own by name and version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramet.errors import DiagnosticError, Mistake

if TYPE_CHECKING:
    from ramet.sagas.definition import Definition

__all__ = ["definitions", "find", "full_name", "register"]

_definitions: dict[tuple[str, int], Definition] = {}


def full_name(module: str, name: str) -> str:
    """`shop.orders.PlaceOrder` for a class of `shop.orders.sagas` or of a module below it."""
    packages = module.split(".")
    if "sagas" in packages:
        packages = packages[: packages.index("sagas")]
    return ".".join([*packages, name])


def register(definition: Definition) -> None:
    """Add a definition; DiagnosticError when another class has the same name and version."""
    identity = (definition.name, definition.version)
    known = _definitions.get(identity)
    if known is not None and _place(known) != _place(definition):
        raise DiagnosticError(
            Mistake(
                "saga-duplicate",
                _place(definition),
                f"{definition.name} version {definition.version} is defined by {_place(known)}",
                "one class for each name and version",
                'raise the version of the newer one, or name it: class X(ramet.Saga, name="...")',
            )
        )
    _definitions[identity] = definition  # the same place again: a reloaded module


def find(name: str, version: int) -> Definition | None:
    """The definition, or None where the code that knows this version is not deployed."""
    return _definitions.get((name, version))


def definitions() -> list[Definition]:
    """All definitions, sorted by name and version."""
    return [_definitions[identity] for identity in sorted(_definitions)]


def _place(definition: Definition) -> str:
    return f"{definition.saga.__module__}.{definition.saga.__qualname__}"
