"""What OpenTelemetry's `start_as_current_span` gives: a context manager and a decorator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any

from opentelemetry.trace import Span

__all__ = ["Current"]


class Current(AbstractContextManager[Span]):
    """Within the block, the span of `begin()` is the current one.

    A function that it decorates, awaited or not, has a new span at each call. contextlib's
    decorators would end the span of an awaited one before it begins.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Span]]) -> None:
        self._begin = begin

    def __enter__(self) -> Span:
        self._within = self._begin()
        return self._within.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return self._within.__exit__(kind, error, traceback)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, each of whose calls is a span."""

        @wraps(function)
        async def awaited(*args: Any, **named: Any) -> Any:
            with self._begin():
                return await function(*args, **named)

        @wraps(function)
        def called(*args: Any, **named: Any) -> Any:
            with self._begin():
                return function(*args, **named)

        return awaited if iscoroutinefunction(function) else called
