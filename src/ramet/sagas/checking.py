"""What is wrong with a saga's definition: all mistakes of one class, reported together."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from ramet.errors import Mistake
from ramet.sagas import checking_waits
from ramet.sagas.durations import seconds
from ramet.sagas.state import RESERVED
from ramet.sagas.steps import Options, Step, Unsaid, options_of

__all__ = ["field_default", "header", "steps_of"]


def header(
    where: str, version: int | None, key: str | None, fields: Iterable[str]
) -> list[Mistake]:
    """Mistakes in the arguments of the class statement."""
    mistakes = []
    if version is None:
        mistakes.append(
            Mistake(
                "saga-version",
                where,
                "no version",
                "class X(ramet.Saga, version=1)",
                "add version=1, or abstract=True when this is only a base of other sagas",
            )
        )
    elif isinstance(version, bool) or not isinstance(version, int) or version < 1:
        mistakes.append(
            Mistake(
                "saga-version", where, repr(version), "an integer from 1", "count versions from 1"
            )
        )
    if key is not None and key not in fields:
        mistakes.append(
            Mistake(
                "saga-key",
                where,
                f"key={key!r}",
                f"one of the fields: {', '.join(sorted(fields)) or 'none is declared'}",
                "name a field of this saga, such as the id of what it works on",
            )
        )
    return mistakes


def field_default(where: str, error: Exception) -> Mistake:
    """A default that dataclasses refuse."""
    return Mistake(
        "saga-field-default",
        where,
        str(error),
        "an immutable default",
        "use dataclasses.field(default_factory=list)",
    )


def steps_of(saga: type, where: str) -> tuple[tuple[Step, ...], list[Mistake]]:
    """The steps in order of definition, those of base classes first, and their mistakes."""
    written: dict[str, Options] = {}
    for ancestor in reversed(saga.__mro__):
        for name in vars(ancestor):
            if options := options_of(getattr(saga, name, None)):
                written.setdefault(name, options)
    mistakes: list[Mistake] = []
    if not written:
        mistakes.append(
            Mistake(
                "saga-without-steps",
                where,
                "no step",
                "at least one",
                "mark methods by @ramet.step",
            )
        )
    pivots = [name for name, options in written.items() if options.pivot]
    if len(pivots) > 1:
        mistakes.append(
            Mistake(
                "saga-two-pivots",
                where,
                f"pivot=True on {' and '.join(pivots)}",
                "one pivot: the step after which the saga only goes forward",
                "keep the one after which turning back is no longer wanted",
            )
        )
    steps = []
    names = list(written)
    last_pivot = names.index(pivots[-1]) if pivots else len(names)
    for place, (name, options) in enumerate(written.items()):
        spot = f"{where}.{name}"
        reply = None
        if options.wait is None:
            mistakes += _signature(saga, name, spot)
        else:
            reply, wrong = checking_waits.reply_of(saga, name, spot)
            mistakes += wrong
        if name in RESERVED:
            mistakes.append(_reserved(spot))
        undo, wrong = _undo(saga, options, spot, written)
        mistakes += wrong
        never_undone = place >= last_pivot or (options.atomic and place == len(names) - 1)
        if options.undo is Unsaid.UNSAID and not never_undone:
            mistakes.append(_without_undo(spot))
        timeout, wrong = _limits(options, spot)
        mistakes += wrong
        wait, wrong = checking_waits.wait_of(options, spot)
        mistakes += wrong
        steps.append(
            Step(name, undo, options.attempts, timeout, options.pivot, options.atomic, wait, reply)
        )
    return tuple(steps), mistakes


def _undo(
    saga: type, options: Options, spot: str, steps: Iterable[str]
) -> tuple[str | None, list[Mistake]]:
    if options.undo is None or isinstance(options.undo, Unsaid):
        return None, []
    method = getattr(saga, options.undo, None)
    if callable(method) and options.undo not in steps:
        return options.undo, _signature(saga, options.undo, spot)
    return None, [
        Mistake(
            "saga-unknown-undo",
            spot,
            f"undo={options.undo!r}, which is {'itself a step' if method else 'not in the class'}",
            "the name of a method of the same class that is no step",
            f"define {options.undo}(self), or say undo=None when there is nothing to take back",
        )
    ]


def _reserved(spot: str) -> Mistake:
    return Mistake(
        "saga-step-name",
        spot,
        "a step with a name that Saga itself uses",
        f"any name but {', '.join(sorted(RESERVED))}",
        "rename the step",
    )


def _without_undo(spot: str) -> Mistake:
    return Mistake(
        "saga-step-without-undo",
        spot,
        "a step before the pivot that does not say how it is taken back",
        'undo="method", or undo=None when there is nothing to take back',
        "name the method that undoes the step; pivot=True if the saga must not turn back any more",
    )


def _limits(options: Options, spot: str) -> tuple[float | None, list[Mistake]]:
    mistakes = []
    if isinstance(options.attempts, bool) or options.attempts < 1:
        mistakes.append(
            Mistake(
                "saga-attempts",
                spot,
                f"attempts={options.attempts!r}",
                "an integer from 1",
                "attempts=1 means that the step is tried once",
            )
        )
    timeout = None
    if options.timeout is not None:
        try:
            timeout = seconds(options.timeout)
        except ValueError as error:
            mistakes.append(
                Mistake("saga-timeout", spot, str(error), "a duration", 'write it as timeout="30s"')
            )
    return timeout, mistakes


def _signature(saga: type, name: str, spot: str) -> list[Mistake]:
    method = inspect.getattr_static(saga, name)
    arguments: list[str] = []
    if inspect.isfunction(method):
        arguments = list(inspect.signature(method).parameters)
        if len(arguments) == 1 and not inspect.iscoroutinefunction(method):
            return []
    found = "async def" if inspect.iscoroutinefunction(method) else f"({', '.join(arguments)})"
    return [
        Mistake(
            "saga-step-signature",
            spot,
            f"{name}{' ' if found == 'async def' else ''}{found}",
            "a plain method that takes only self",
            "keep what it needs in fields of the saga: they survive a crash, arguments do not",
        )
    ]
