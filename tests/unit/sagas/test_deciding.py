"""The rules of a run, over all shapes of sagas and all fates of their steps."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ramet.sagas.deciding import (
    UNDO_ATTEMPTS,
    Next,
    Outcome,
    Progress,
    decide,
    pause_after,
    turn_back,
)
from ramet.sagas.models import Direction, Status
from ramet.sagas.steps import Step


@st.composite
def sagas(draw: st.DrawFn) -> list[Step]:
    count = draw(st.integers(1, 6))
    pivot = draw(st.none() | st.integers(0, count - 1))
    return [
        Step(
            name=f"do{place}",
            undo=draw(st.sampled_from([None, f"undo{place}"])),
            attempts=draw(st.integers(1, 3)),
            timeout=None,
            pivot=place == pivot,
            atomic=draw(st.booleans()),
        )
        for place in range(count)
    ]


class History:
    """Plays a saga whose attempts end as the list says, and then succeed."""

    def __init__(self, steps: Sequence[Step], outcomes: Sequence[Outcome]) -> None:
        self.events: list[tuple[Direction, int, Outcome]] = []
        self.end = Status.RUNNING
        fates = list(outcomes)
        direction, position, attempts = Direction.FORWARD, 0, 0
        for _ in range(500):
            attempts += 1
            outcome = fates.pop(0) if fates else Outcome.DONE
            self.events.append((direction, position, outcome))
            upcoming = decide(steps, Progress(direction, position, attempts), outcome)
            self.end = upcoming.status
            if upcoming.status not in (Status.RUNNING, Status.COMPENSATING):
                return
            if upcoming.pause is None:
                attempts = 0
            direction, position = upcoming.direction, upcoming.position
        raise AssertionError("no end")

    def positions(self, direction: Direction, *outcomes: Outcome) -> list[int]:
        return [p for d, p, o in self.events if d is direction and o in (outcomes or Outcome)]


# Mostly done, so that runs come far before something goes wrong.
outcomes = st.lists(st.sampled_from([Outcome.DONE, *Outcome]), max_size=25)


@settings(max_examples=500)
@given(sagas(), outcomes)
def test_a_run_always_ends(steps: list[Step], fates: list[Outcome]) -> None:
    assert History(steps, fates).end in (Status.COMPLETED, Status.COMPENSATED, Status.STUCK)


@settings(max_examples=500)
@given(sagas(), outcomes)
def test_a_completed_run_has_done_every_step_once_in_order(
    steps: list[Step], fates: list[Outcome]
) -> None:
    history = History(steps, fates)
    if history.end is Status.COMPLETED:
        assert history.positions(Direction.FORWARD, Outcome.DONE) == list(range(len(steps)))
        assert history.positions(Direction.BACKWARD) == []


@settings(max_examples=500)
@given(sagas(), outcomes)
def test_a_compensated_run_has_undone_in_reverse_everything_that_happened_or_may_have(
    steps: list[Step], fates: list[Outcome]
) -> None:
    history = History(steps, fates)
    if history.end is not Status.COMPENSATED:
        return
    happened = {
        position
        for direction, position, outcome in history.events
        if direction is Direction.FORWARD
        and (outcome is Outcome.DONE or (outcome is Outcome.FAILED and not steps[position].atomic))
    }
    assert not any(steps[p].pivot and steps[p].undo is None for p in happened)
    expected = [p for p in sorted(happened, reverse=True) if steps[p].undo is not None]
    assert history.positions(Direction.BACKWARD, Outcome.DONE) == expected


@settings(max_examples=500)
@given(sagas(), outcomes)
def test_no_run_turns_back_once_its_pivot_happened_or_may_have_with_nothing_to_undo_it(
    steps: list[Step], fates: list[Outcome]
) -> None:
    history = History(steps, fates)
    may_have = {
        position
        for position in history.positions(Direction.FORWARD, Outcome.FAILED)
        if not steps[position].atomic and steps[position].undo is None
    }
    happened = may_have | set(history.positions(Direction.FORWARD, Outcome.DONE))
    if any(steps[position].pivot for position in happened):
        assert history.positions(Direction.BACKWARD) == []
        assert history.end is not Status.COMPENSATED


@settings(max_examples=500)
@given(sagas(), outcomes)
def test_no_step_before_the_pivot_is_tried_more_often_than_it_may_be(
    steps: list[Step], fates: list[Outcome]
) -> None:
    history = History(steps, fates)
    if history.end is Status.COMPENSATED:
        tried = history.positions(Direction.FORWARD)
        for position, step in enumerate(steps):
            final_pivot = step.pivot and not step.atomic and step.undo is None
            assert final_pivot or tried.count(position) <= step.attempts


def test_the_first_retry_is_quick_and_later_ones_are_patient() -> None:
    assert [round(pause_after(n, lambda: 0.0), 1) for n in range(1, 7)] == [
        0.3,
        0.9,
        2.7,
        8.1,
        20.0,
        20.0,
    ]
    assert pause_after(1, lambda: 1.0) == 0.15


def test_a_step_that_would_be_late_at_its_next_attempt_turns_back_now() -> None:
    steps = [Step("go", "back", 99, 10.0, pivot=False, atomic=False)]
    late = Progress(Direction.FORWARD, 0, 3, elapsed=9.0)
    assert decide(steps, late, Outcome.FAILED, lambda: 0.0) == Next(
        Status.COMPENSATING, Direction.BACKWARD, 0
    )


def test_turning_back_where_nothing_is_to_be_undone_ends_the_run() -> None:
    steps = [Step("look", None, 1, None, pivot=False, atomic=False)]
    assert turn_back(steps, 0).status is Status.COMPENSATED


def test_a_refusal_of_a_pivot_that_may_have_happened_needs_a_person() -> None:
    steps = [
        Step("reserve", "release", 5, None, pivot=False, atomic=False),
        Step("capture", None, 5, None, pivot=True, atomic=False),
    ]
    first, second = (Progress(Direction.FORWARD, 1, attempts) for attempts in (1, 2))
    assert decide(steps, first, Outcome.REFUSED).status is Status.COMPENSATING
    assert decide(steps, second, Outcome.REFUSED) == Next(Status.STUCK, Direction.FORWARD, 1)


def test_an_undo_gives_up_only_after_many_attempts() -> None:
    steps = [Step("go", "back", 1, None, pivot=False, atomic=False)]
    before = Progress(Direction.BACKWARD, 0, UNDO_ATTEMPTS - 1)
    after = Progress(Direction.BACKWARD, 0, UNDO_ATTEMPTS)
    assert decide(steps, before, Outcome.FAILED).status is Status.COMPENSATING
    assert decide(steps, after, Outcome.FAILED).status is Status.STUCK
