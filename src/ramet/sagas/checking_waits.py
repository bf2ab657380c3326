"""What is wrong with the steps of a saga that wait: their time, and what they wait for."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterable
from typing import Any

from ramet.calls import wire_types
from ramet.errors import Mistake
from ramet.sagas.durations import seconds
from ramet.sagas.steps import Options, Step

__all__ = ["LONGEST", "reply_of", "wait_of", "without_key"]

LONGEST = 10 * 366 * 86_400.0
"""Seconds that a step may wait: ten years. More is a slip of the pen."""


def wait_of(options: Options, spot: str) -> tuple[float | None, list[Mistake]]:
    """The seconds that a step waits, None where it does not."""
    if options.wait is None:
        return None, []
    try:
        wait = seconds(options.wait)
    except (ValueError, AttributeError) as error:
        found = str(error) if isinstance(error, ValueError) else f"wait={options.wait!r}"
    else:
        if wait <= LONGEST:
            return wait, []
        found = f"wait={options.wait!r}, more than ten years"
    remedy = 'write it as wait="30m", "2h" or "3d"'
    return None, [Mistake("saga-wait", spot, found, "a duration", remedy)]


def reply_of(saga: type, name: str, spot: str) -> tuple[Any, list[Mistake]]:
    """The type of the reply that a waiting step takes, None where it takes only self."""
    method = inspect.getattr_static(saga, name)
    if not inspect.isfunction(method) or inspect.iscoroutinefunction(method):
        return None, [_signature(spot, f"{name} is no plain method")]
    parameters = list(inspect.signature(method).parameters.values())
    if len(parameters) == 1:
        return None, []
    if len(parameters) != 2 or parameters[1].kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
        return None, [_signature(spot, f"{name}({', '.join(each.name for each in parameters)})")]
    try:
        hint = typing.get_type_hints(method, include_extras=True).get(parameters[1].name)
    except NameError as error:
        return None, [_signature(spot, f"an annotation that cannot be evaluated: {error}")]
    kind = _without_none(hint)
    if kind is None:
        return None, [_signature(spot, f"{name}({parameters[1]}), which cannot be None")]
    return kind, wire_types.mistakes(kind, spot)


def without_key(where: str, key: str | None, steps: Iterable[Step]) -> list[Mistake]:
    """A reply finds its run by the key."""
    waiting = [step.name for step in steps if step.reply is not None]
    if key is not None or not waiting:
        return []
    return [
        Mistake(
            "saga-reply-without-key",
            where,
            f"{waiting[0]} waits for a reply, and the saga has no key",
            'class X(ramet.Saga, key="order_id")',
            "name the field by which a reply finds its run",
        )
    ]


def _without_none(hint: Any) -> Any:
    """`X` of `X | None`; None for anything else."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return None
    members = typing.get_args(hint)
    others = tuple(member for member in members if member is not type(None))
    return typing.Union[others] if 0 < len(others) < len(members) else None  # noqa: UP007


def _signature(spot: str, found: str) -> Mistake:
    return Mistake(
        "saga-wait-signature",
        spot,
        found,
        "a plain method that takes only self, or self and reply: Answer | None",
        "None tells the step that the time was over before a reply came",
    )
