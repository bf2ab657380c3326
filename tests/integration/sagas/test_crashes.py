"""A worker dies, stops or loses its database at every boundary of every step."""

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.sagas.conftest import Host

FORWARD = ["open", "reserve", "authorise", "decide", "capture", "confirm"]
BACKWARD = ["void", "release", "close"]
DONE = {"status": "completed", "effects": FORWARD}
UNDONE = {"status": "compensated", "effects": ["open", "reserve", "authorise", *BACKWARD]}

BOUNDARIES = ["claimed", "before", "after", "before-commit", "after-commit"]


def places(methods: list[str]) -> list[str]:
    return ["claimed", *(f"{at}:{method}" for method in methods for at in BOUNDARIES[1:])]


@pytest.mark.parametrize("place", places(FORWARD))
def test_a_worker_killed_at_any_boundary_resumes_and_every_step_has_one_effect(
    host: "Host", place: str
) -> None:
    answer = host.order("crash", saga="Journey", state={}, place=place)
    assert (answer["first"], answer["second"]) == (-signal.SIGKILL, 0)
    assert {key: answer[key] for key in DONE} == DONE
    assert answer["journal"] == [[step, "forward", "done"] for step in FORWARD]


@pytest.mark.parametrize("place", places(["before:decide", *BACKWARD])[5:])
def test_a_worker_killed_on_the_way_back_resumes_and_every_undo_has_one_effect(
    host: "Host", place: str
) -> None:
    answer = host.order("crash", saga="Journey", state={"refuse": True}, place=place)
    assert (answer["first"], answer["second"]) == (-signal.SIGKILL, 0)
    assert {key: answer[key] for key in UNDONE} == UNDONE


@pytest.mark.parametrize("place", places(FORWARD)[1:])
def test_losing_the_database_at_any_boundary_delays_a_run_and_changes_nothing(
    host: "Host", place: str
) -> None:
    answer = host.order("sever", saga="Journey", state={}, place=place, deed="cut")
    assert answer["first"] == 0
    assert {key: answer[key] for key in DONE} == DONE


@pytest.mark.parametrize("stage", [1, 2])
def test_what_cannot_be_stored_uses_up_attempts_as_any_other_failure(
    host: "Host", stage: int
) -> None:
    answer = host.order("crash", saga="Poison", state={"stage": stage}, place="nowhere")
    assert answer["first"] == 0
    assert answer["status"] == "compensated"
    assert answer["effects"] == ["reserve", "reserve", "release"]


@pytest.mark.parametrize("step", FORWARD)
def test_a_commit_whose_answer_is_lost_is_neither_repeated_nor_moved_back(
    host: "Host", step: str
) -> None:
    place = f"after-commit:{step}"
    answer = host.order("sever", saga="Journey", state={}, place=place, deed="doubt")
    assert answer["first"] == 0
    assert {key: answer[key] for key in DONE} == DONE


@pytest.mark.parametrize(
    "place", ["before:open", "after:open", "before-commit:reserve", "before:capture"]
)
def test_a_paused_worker_whose_run_was_taken_over_changes_nothing_when_it_wakes(
    host: "Host", place: str
) -> None:
    answer = host.order("pause", saga="Journey", state={}, place=place)
    assert (answer["first"], answer["second"]) == (0, 0)
    assert {key: answer["before"][key] for key in DONE} == DONE
    assert {key: answer[key] for key in DONE} == DONE
    assert answer["epoch"] == answer["before"]["epoch"]
    assert "sagas.claim_lost" in host.log()
