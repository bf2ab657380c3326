"""The `step` decorator and what it remembers about a method."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, TypeVar, cast, overload

__all__ = ["DEFAULT_ATTEMPTS", "Options", "Step", "Unsaid", "options_of", "step"]

Method = TypeVar("Method", bound=Callable[[Any], None])

DEFAULT_ATTEMPTS: Final = 5
_ATTRIBUTE: Final = "__ramet_step__"


class Unsaid(Enum):
    """The difference between no undo and `undo=None`, which says that there is nothing to undo."""

    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class Options:
    """What the author wrote in `@step(...)`, unchecked."""

    undo: str | Literal[Unsaid.UNSAID] | None = Unsaid.UNSAID
    attempts: int = DEFAULT_ATTEMPTS
    timeout: str | None = None
    pivot: bool = False
    atomic: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One checked step. `undo` is the name of a method; `timeout` is in seconds."""

    name: str
    undo: str | None
    attempts: int
    timeout: float | None
    pivot: bool
    atomic: bool


@overload
def step(method: Method, /) -> Method: ...


@overload
def step(
    *,
    undo: str | Literal[Unsaid.UNSAID] | None = ...,
    attempts: int = ...,
    timeout: str | None = ...,
    pivot: bool = ...,
    atomic: bool = ...,
) -> Callable[[Method], Method]: ...


def step(
    method: Method | None = None,
    /,
    *,
    undo: str | Literal[Unsaid.UNSAID] | None = Unsaid.UNSAID,
    attempts: int = DEFAULT_ATTEMPTS,
    timeout: str | None = None,
    pivot: bool = False,
    atomic: bool = False,
) -> Method | Callable[[Method], Method]:
    """Mark a method of a `Saga` as its next step; steps run in the order of their definition.

    - `undo`: the name of the method that takes the step back. It may be called for a step that
      never happened (when nobody knows), more than once, and must accept both. `None` says that
      there is nothing to take back.
    - `attempts`, `timeout`: how often, and for how long in all ("30s"), the step is tried before
      the saga turns back. A refusal turns it back at once. The time between attempts grows from
      about 0.3 to 20 seconds.
    - `pivot`: once this step is done the saga only goes forward: later steps are retried for ever.
    - `atomic`: the body and the mark that it is done commit in one transaction, so the body happens
      exactly once; its undo runs likewise. Calls to other services are refused inside. Without it
      the body runs outside any transaction, may be repeated after a crash, and its calls carry
      idempotency keys.

    Mistakes are reported by the class that contains the step, all of them together.
    """
    options = Options(undo, attempts, timeout, pivot, atomic)

    def mark(function: Method) -> Method:
        setattr(function, _ATTRIBUTE, options)
        return function

    return mark if method is None else mark(method)


def options_of(attribute: object) -> Options | None:
    """The options of a method that was marked by `step`, else None."""
    return cast("Options | None", getattr(attribute, _ATTRIBUTE, None))
