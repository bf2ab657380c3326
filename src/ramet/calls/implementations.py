"""`implements`: the class that does the work of a contract, and where the process finds it."""

import inspect
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from ramet.calls.contracts import Contract
from ramet.errors import DiagnosticError, Mistake

__all__ = ["differences", "implementation_of", "implements"]

_Implementation = TypeVar("_Implementation", bound=type)
_implementations: dict[type[Contract], type] = {}


def implements(contract: type[Contract]) -> Callable[[_Implementation], _Implementation]:
    """Attach a class to the contract whose operations its methods do.

    Each call gets an instance of its own, made without arguments, so that nothing which one call
    leaves on `self` reaches another. Raises DiagnosticError when the class lacks an operation, or
    its arguments differ from the contract's in name, order or type.
    """

    def attach(implementation: _Implementation) -> _Implementation:
        mistakes = list(_mistakes(contract, implementation))
        if mistakes:
            raise DiagnosticError(*mistakes)
        _implementations[contract] = implementation
        return implementation

    return attach


def implementation_of(contract: type[Contract]) -> type | None:
    """Return the class attached to a contract in this process, or None."""
    return _implementations.get(contract)


def _mistakes(contract: type[Contract], implementation: type) -> typing.Iterator[Mistake]:
    known = _implementations.get(contract)
    where = f"{implementation.__module__}.{implementation.__qualname__}"
    if known is not None and (known.__module__, known.__qualname__) != (
        implementation.__module__,
        implementation.__qualname__,
    ):
        yield Mistake(
            "contract-implemented-twice",
            where,
            f"{known.__module__}.{known.__qualname__} implements {contract.__name__} already",
            "one implementation for each contract",
            "remove one of them",
        )
    yield from differences(contract, implementation)


def differences(contract: type[Contract], implementation: type) -> typing.Iterator[Mistake]:
    """Yield where a class does not do what the contract declares."""
    where = f"{implementation.__module__}.{implementation.__qualname__}"
    for name in contract.__ramet__.operations:
        method = getattr(implementation, name, None)
        if not callable(method):
            yield Mistake(
                "operation-not-implemented",
                where,
                f"no method {name}",
                f"every operation of {contract.__ramet__.full_name}",
                f"add def {name}{_signature(getattr(contract, name))}",
            )
        elif _shape(method) != _shape(getattr(contract, name)):
            yield Mistake(
                "implementation-differs",
                f"{where}.{name}",
                f"{name}{_signature(method)}",
                f"{name}{_signature(getattr(contract, name))}",
                "take the arguments that the contract declares, in its order",
            )


def _shape(method: Callable[..., Any]) -> list[tuple[str, bool]]:
    """The names of the arguments, and whether each must be given by name."""
    parameters = inspect.signature(method).parameters.values()
    return [(p.name, p.kind is p.KEYWORD_ONLY) for p in parameters if p.name != "self"]


def _signature(method: Callable[..., Any]) -> str:
    return str(inspect.signature(method))
