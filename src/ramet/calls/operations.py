"""`Operation`: everything about one operation that both sides of a call need, computed once.

The wire form of a call is one JSON object: the arguments by name; of its answer, `{"result": ...}`.
"""

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ramet.calls.errors import InvalidArgument, InvalidResult
from ramet.calls.exactness import Exactness, Inexact

__all__ = ["CALLS_PATH", "Operation", "build"]

CALLS_PATH = "/.ramet/calls/"
"""Where a service answers calls; the gateway denies everything below `/.ramet/`."""

_encode = msgspec.json.Encoder().encode
_WHERE = re.compile(r"^(?P<problem>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a contract."""

    name: str
    full_name: str
    """As `shop.products.v1.Products.reserve`: in errors, logs and idempotency keys."""
    path: str
    """Where it is served: `/.ramet/calls/shop.products.v1.Products/reserve`."""
    module: str
    """The contract's module, whose refusals callers know."""
    description: str
    deadline: float
    """Seconds that a caller waits at most."""
    idempotent: bool
    atomic: bool
    keyword_only: tuple[str, ...]
    Arguments: type[msgspec.Struct]
    """Its fields are the arguments: first those that may be given by position."""
    Answer: type[msgspec.Struct]
    exact_arguments: Exactness
    exact_answer: Exactness
    label: str
    """As `shop.products.v1.Products/reserve`: in traces and metrics."""
    decode: Callable[[bytes], msgspec.Struct]
    decode_answer: Callable[[bytes], Any]

    def encode_arguments(self, arguments: msgspec.Struct) -> bytes:
        """Return the request's body. Raises InvalidArgument for what has no exact wire form."""
        try:
            self.exact_arguments.check(arguments)
            return _encode(arguments)
        except Inexact as error:
            raise InvalidArgument(error.problem, path=error.path) from error
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise InvalidArgument(str(error)) from error

    def decode_arguments(self, body: bytes) -> msgspec.Struct:
        """Read a request's body; unknown fields are ignored. Raises InvalidArgument."""
        try:
            return self.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problem, path = explain(error)
            raise InvalidArgument(problem, path=path) from error

    def encode_result(self, result: Any) -> bytes:
        """Return the body of the answer.

        Raises TypeError for what has no wire form, InvalidResult for what has no exact one.
        """
        answer = self.Answer(result)
        try:
            self.exact_answer.check(answer)
        except Inexact as error:
            raise InvalidResult(f"{error.path}: {error.problem}") from error
        return _encode(answer)

    def decode_result(self, body: bytes) -> Any:
        """Read an answer's body; unknown fields are ignored. Raises InvalidResult."""
        try:
            return self.decode_answer(body).result
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problem, path = explain(error)
            raise InvalidResult(f"{path}: {problem}" if path else problem) from error

    def apply(self, method: Callable[..., Any], arguments: msgspec.Struct) -> Any:
        """Call the implementation's method with the arguments."""
        values = msgspec.structs.astuple(arguments)
        if not self.keyword_only:
            return method(*values)
        split = len(values) - len(self.keyword_only)
        return method(*values[:split], **dict(zip(self.keyword_only, values[split:], strict=True)))


def build(method: Callable[..., Any], *, contract: str, module: str, **options: Any) -> Operation:
    """Make the operation of a contract's method, whose annotations are known to be sound."""
    hints = typing.get_type_hints(method, include_extras=True)
    parameters = list(inspect.signature(method).parameters.values())[1:]
    named = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    keyword_only = [p for p in parameters if p.kind is p.KEYWORD_ONLY]

    def declared(some: list[inspect.Parameter]) -> list[Any]:
        return [
            (p.name, hints[p.name]) if p.default is p.empty else (p.name, hints[p.name], p.default)
            for p in some
        ]

    title = f"{contract.rpartition('.')[2]}_{method.__name__}"
    arguments = msgspec.defstruct(f"{title}_arguments", declared(named), module=module)
    if keyword_only:
        arguments = msgspec.defstruct(
            f"{title}_arguments",
            declared(keyword_only),
            bases=(arguments,),
            kw_only=True,
            module=module,
        )
    answer = msgspec.defstruct(f"{title}_answer", [("result", hints["return"])], module=module)
    return Operation(
        name=method.__name__,
        full_name=f"{contract}.{method.__name__}",
        path=f"{CALLS_PATH}{contract}/{method.__name__}",
        label=f"{contract}/{method.__name__}",
        module=module,
        description=inspect.getdoc(method) or "",
        keyword_only=tuple(p.name for p in keyword_only),
        Arguments=arguments,
        Answer=answer,
        exact_arguments=Exactness(arguments),
        exact_answer=Exactness(answer),
        decode=msgspec.json.Decoder(arguments).decode,
        decode_answer=msgspec.json.Decoder(answer).decode,
        **options,
    )


def explain(error: Exception) -> tuple[str, str]:
    """Split msgspec's message into the problem and the path, as (`Expected ...`, `lines[0].sku`).

    A missing field is named by its own path, not by that of the object which should hold it.
    """
    match = _WHERE.match(str(error))
    assert match  # the pattern matches every text
    problem, path = match["problem"], (match["path"] or "").removeprefix(".")
    if missing := _MISSING.match(problem):
        return "required, and missing", f"{path}.{missing['field']}".removeprefix(".")
    return problem, path
