"""`Contract` and `operation`: what a service offers to the others, as a typed class.

A contract class is never instantiated and its bodies never run: `client` gives callers an object of
that type, `implements` attaches the class that does the work.
"""

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, overload

from ramet.calls import wire_types
from ramet.calls.operations import Operation, build
from ramet.errors import DiagnosticError, Mistake

__all__ = ["Contract", "Declaration", "contracts", "operation"]

_Method = TypeVar("_Method", bound=Callable[..., Any])
_OPTIONS = "__ramet_operation__"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_contracts: dict[str, type["Contract"]] = {}


@dataclass(frozen=True, slots=True)
class _Options:
    deadline: str
    idempotent: bool
    atomic: bool


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a contract declares."""

    name: str
    version: int
    module: str
    operations: dict[str, Operation] = field(default_factory=dict)
    """By the method's name, in the order of the class."""

    @property
    def full_name(self) -> str:
        """The name on the wire: the module without its `.contract`, `v` and version, the name."""
        return f"{self.module.removesuffix('.contract')}.v{self.version}.{self.name}"


class Contract:
    """Base of contracts: `class Products(ramet.Contract, version=1)`.

    Every public method is an `operation` with annotated arguments and result. `name` defaults to
    the class's name; it lets `ProductsV2` be version 2 of `Products`. Raises DiagnosticError, with
    every mistake of the class, for types that cannot cross the wire.
    """

    __ramet__: ClassVar[Declaration]

    def __init_subclass__(cls, *, version: int, name: str | None = None) -> None:
        super().__init_subclass__()
        cls.__ramet__ = Declaration(name or cls.__name__, version, cls.__module__)
        mistakes = list(_declare(cls))
        if mistakes:
            raise DiagnosticError(*mistakes)
        _contracts[cls.__ramet__.full_name] = cls

    def __new__(cls, *_args: object, **_options: object) -> "typing.Self":
        raise TypeError(f"{cls.__name__} is a contract: use ramet.client({cls.__name__})")


@overload
def operation(method: _Method, /) -> _Method: ...
@overload
def operation(
    *, deadline: str = ..., idempotent: bool = ..., atomic: bool = ...
) -> Callable[[_Method], _Method]: ...
def operation(
    method: Any = None, /, *, deadline: str = "500ms", idempotent: bool = False, atomic: bool = True
) -> Any:
    """Make a method of a contract an operation that others may call.

    `deadline` is how long a caller waits at most, as `500ms`, `30s` or `2m`; a caller that has less
    time left gives less. `idempotent` says that calling it twice has the effect of calling it once,
    so that the mesh may repeat it. `atomic` concerns calls with an idempotency key only: the
    operation and its stored result commit in one transaction; say `atomic=False` for an operation
    that calls other services, and that therefore keeps its own guarantee.
    """
    if method is not None:
        return operation()(method)

    def mark(function: _Method) -> _Method:
        setattr(function, _OPTIONS, _Options(deadline, idempotent, atomic))
        return function

    return mark


def contracts() -> dict[str, type[Contract]]:
    """Return every contract that has been imported, by its full name."""
    return dict(_contracts)


def _declare(contract: type[Contract]) -> typing.Iterator[Mistake]:
    """Fill in the operations of a contract; yield what is wrong with them."""
    declaration = contract.__ramet__
    known = _contracts.get(declaration.full_name)
    # A module that is reloaded, and a test that defines a class in a function, may define it again.
    is_again = "<locals>" in contract.__qualname__ or (
        known is not None and known.__qualname__ == contract.__qualname__
    )
    if known is not None and not is_again:
        yield Mistake(
            "contract-declared-twice",
            declaration.full_name,
            f"{contract.__qualname__} and {known.__qualname__}",
            "one class for each name and version",
            "give one of them another version or name",
        )
    for name, method in vars(contract).items():
        if name.startswith("_") or not callable(method):
            continue
        where = f"{declaration.full_name}.{name}"
        options = getattr(method, _OPTIONS, None)
        if options is None:
            yield Mistake(
                "method-is-no-operation",
                where,
                "a method without @ramet.operation",
                "a contract holds operations only",
                "decorate it with @ramet.operation, or move it out of the contract",
            )
            continue
        found = [*_signature_mistakes(method, where), *_deadline_mistakes(options, where)]
        if found:
            yield from found
            continue
        declaration.operations[name] = build(
            method,
            contract=declaration.full_name,
            module=declaration.module,
            deadline=_seconds(options.deadline) or 0.0,
            idempotent=options.idempotent,
            atomic=options.atomic,
        )


def _signature_mistakes(method: Callable[..., Any], where: str) -> typing.Iterator[Mistake]:
    try:
        hints = typing.get_type_hints(method, include_extras=True)
    except NameError as error:
        yield Mistake(
            "annotation-unresolved",
            where,
            str(error),
            "annotations of classes that exist when the contract is defined",
            "move the class above the contract, or import it outside TYPE_CHECKING",
        )
        return
    parameters = list(inspect.signature(method).parameters.values())[1:]
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            yield Mistake(
                "argument-without-a-name",
                f"{where}.{parameter.name}",
                str(parameter),
                "arguments that have a name on the wire",
                "replace *args, **kwargs and positional-only arguments by named ones",
            )
    for name in [*(p.name for p in parameters), "return"]:
        if name in hints:
            yield from wire_types.mistakes(hints[name], f"{where}.{name}")
        else:
            yield Mistake(
                "annotation-missing",
                f"{where}.{name}",
                "no annotation",
                "a type for every argument and for the result",
                "annotate it; an operation without a result is annotated -> None",
            )


def _deadline_mistakes(options: _Options, where: str) -> typing.Iterator[Mistake]:
    if _seconds(options.deadline) is None:
        yield Mistake(
            "deadline-unreadable",
            f"{where}.deadline",
            repr(options.deadline),
            "a positive number with its unit, as 500ms, 30s or 2m",
            'write @ramet.operation(deadline="500ms")',
        )


def _seconds(text: str) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", text)
    return float(match[1]) * _UNITS[match[2]] or None if match else None
