"""What a run does after an attempt: a pure function, so that every case can be enumerated in tests.

The rules: forward through the steps; after a refusal, or when a step's attempts or time are used
up, backward through what was done and what may have been done; never backward after the pivot, nor
when the pivot may have been done and nothing undoes it.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ramet.sagas.models import Direction, Status
from ramet.sagas.steps import Step

__all__ = [
    "UNDO_ATTEMPTS",
    "Next",
    "Outcome",
    "Progress",
    "decide",
    "is_final",
    "pause_after",
    "turn_back",
]

UNDO_ATTEMPTS = 25
"""Attempts of one undo, about eight minutes, before a run needs a person."""

_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.3, 3.0, 20.0


class Outcome(enum.Enum):
    """How an attempt ended. FAILED: nobody knows whether the step happened, unless it is atomic."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    `elapsed`: seconds since the first attempt of the step at `position`. `earlier_attempts`: those
    before a person resumed the step, which `attempts` does not count.
    """

    direction: Direction
    position: int
    attempts: int
    elapsed: float = 0.0
    earlier_attempts: int = 0


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next: `pause` seconds until the same step again, or None to go on at once."""

    status: Status
    direction: Direction
    position: int
    pause: float | None = None


def decide(
    steps: Sequence[Step],
    now: Progress,
    outcome: Outcome,
    jitter: Callable[[], float] = random.random,
) -> Next:
    """What a run with these steps does after `outcome`. `jitter` gives numbers in [0, 1)."""
    if now.direction is Direction.BACKWARD:
        return _after_undo(steps, now, outcome, jitter)
    step, position = steps[now.position], now.position

    if outcome is Outcome.DONE:
        if position + 1 == len(steps):
            return Next(Status.COMPLETED, Direction.FORWARD, position + 1)
        return Next(Status.RUNNING, Direction.FORWARD, position + 1)
    again = Next(Status.RUNNING, Direction.FORWARD, position, pause_after(now.attempts, jitter))
    if outcome is Outcome.REFUSED:
        # A refusal says that this attempt did nothing; it says nothing about an earlier one that
        # ended in doubt, so then the step is undone too.
        in_doubt = now.attempts + now.earlier_attempts > 1 and not step.atomic
        if position > _pivot(steps) or (in_doubt and is_final(steps, position)):
            # Repeating a refusal changes nothing, and there is no way back.
            return Next(Status.STUCK, Direction.FORWARD, position)
        return turn_back(steps, position if in_doubt else position - 1)
    if is_final(steps, position):
        return again
    used_up = now.attempts >= step.attempts
    late = step.timeout is not None and now.elapsed + (again.pause or 0) >= step.timeout
    if used_up or late:
        return turn_back(steps, position - 1 if step.atomic else position)
    return again


def is_final(steps: Sequence[Step], position: int) -> bool:
    """Whether the step at `position` is retried until it is done, because there is no way back."""
    pivot = _pivot(steps)
    if position == pivot:
        # Without an undo the pivot may have happened and could not be taken back.
        return not steps[position].atomic and steps[position].undo is None
    return position > pivot


def turn_back(steps: Sequence[Step], position: int) -> Next:
    """Backward from `position`, past the steps that have nothing to take back."""
    while position >= 0 and steps[position].undo is None:
        position -= 1
    status = Status.COMPENSATED if position < 0 else Status.COMPENSATING
    return Next(status, Direction.BACKWARD, position)


def pause_after(attempts: int, jitter: Callable[[], float] = random.random) -> float:
    """Seconds before the next attempt: 0.3, 0.9, 2.7, 8.1, 20, 20, ..., less up to a half of it."""
    whole = min(_FIRST_PAUSE * _GROWTH ** min(attempts - 1, 10), _LONGEST_PAUSE)
    return whole * (1 - jitter() / 2)


def _pivot(steps: Sequence[Step]) -> int:
    """The position of the pivot, or one that no step has."""
    return next((place for place, step in enumerate(steps) if step.pivot), len(steps))


def _after_undo(
    steps: Sequence[Step], now: Progress, outcome: Outcome, jitter: Callable[[], float]
) -> Next:
    if outcome is Outcome.DONE:
        return turn_back(steps, now.position - 1)
    if outcome is Outcome.REFUSED or now.attempts >= UNDO_ATTEMPTS:
        return Next(Status.STUCK, Direction.BACKWARD, now.position)
    pause = pause_after(now.attempts, jitter)
    return Next(Status.COMPENSATING, Direction.BACKWARD, now.position, pause)
