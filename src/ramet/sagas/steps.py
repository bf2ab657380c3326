"""The `step` decorator and what it remembers about a method."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, TypeVar, cast, overload

__all__ = ["DEFAULT_ATTEMPTS", "Options", "Step", "Unsaid", "options_of", "step"]

Method = TypeVar("Method", bound=Callable[[Any], None])
Waiting = TypeVar("Waiting", bound=Callable[..., None])

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
    wait: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One checked step. `undo` is the name of a method; `timeout` and `wait` are in seconds.

    `reply` is the type of what a waiting step waits for; None: for nothing but the time.
    """

    name: str
    undo: str | None
    attempts: int
    timeout: float | None
    pivot: bool
    atomic: bool
    wait: float | None = None
    reply: Any = None


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


@overload
def step(
    *,
    wait: str,
    undo: str | Literal[Unsaid.UNSAID] | None = ...,
    attempts: int = ...,
    timeout: str | None = ...,
    pivot: bool = ...,
    atomic: bool = ...,
) -> Callable[[Waiting], Waiting]: ...


def step(
    method: Callable[..., None] | None = None,
    /,
    *,
    undo: str | Literal[Unsaid.UNSAID] | None = Unsaid.UNSAID,
    attempts: int = DEFAULT_ATTEMPTS,
    timeout: str | None = None,
    pivot: bool = False,
    atomic: bool = False,
    wait: str | None = None,
) -> Any:
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
    - `wait`: how long the saga waits before the step ("30m", "2h", "3d"), in the database and not
      in a process. A step that takes only `self` begins when the time is over. One that takes a
      second argument, `answer: Answer | None`, begins as soon as `Saga.reply` brings one, and gets
      None when the time is over first. Whichever it was, it is the same at each attempt.

    Mistakes are reported by the class that contains the step, all of them together.
    """
    options = Options(undo, attempts, timeout, pivot, atomic, wait)

    def mark(function: Callable[..., None]) -> Callable[..., None]:
        setattr(function, _ATTRIBUTE, options)
        return function

    return mark if method is None else mark(method)


def options_of(attribute: object) -> Options | None:
    """The options of a method that was marked by `step`, else None."""
    return cast("Options | None", getattr(attribute, _ATTRIBUTE, None))
