"""OpenTelemetry's current context, by the variable that holds it.

The functions of its API lie four deep above that variable, and a call between services asks for the
context six times: through them, that was a fifth of what a span costs.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any, Protocol, cast

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context

__all__ = ["CURRENT", "SPAN", "detach"]


class Variable(Protocol):
    """What a `ContextVar` of contexts can do, as far as it is needed."""

    def get(self) -> Context:
        """The current context."""

    def set(self, context: Context, /) -> Token[Context]:
        """Make another one the current one."""

    def reset(self, token: Token[Context], /) -> None:
        """Take that back."""


class _ByFunctions:
    """The same by OpenTelemetry's functions, where OTEL_PYTHON_CONTEXT names another keeper."""

    get = staticmethod(otel_context.get_current)
    set = staticmethod(otel_context.attach)
    reset = staticmethod(otel_context.detach)


def _variable() -> Variable:
    keeper: Any = getattr(otel_context, "_RUNTIME_CONTEXT", None)
    held = getattr(keeper, "_current_context", None)
    return cast("Variable", held) if type(held) is ContextVar else _ByFunctions()


CURRENT = _variable()

(SPAN,) = trace.set_span_in_context(trace.INVALID_SPAN, Context())
"""The key of the current span in a context."""


def detach(token: Token[Context]) -> None:
    """Take back a `CURRENT.set`. Never raises."""
    try:
        CURRENT.reset(token)
    except (ValueError, RuntimeError):
        otel_context.detach(token)  # fails, too, and says so in the log
