"""How a run goes forward, turns back and ends, on SQLite and in one thread."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

import pytest
from django.db import transaction
from django.db.models.functions import Now
from structlog.contextvars import bound_contextvars, get_contextvars

import ramet
from ramet.calls import DeadlineExceeded, Unavailable
from ramet.calls.context import idempotency_scope, remaining
from ramet.sagas import claims
from ramet.sagas.deciding import UNDO_ATTEMPTS
from ramet.sagas.engine import run_due
from ramet.sagas.models import SagaRun
from tests.unit.sagas import examples
from tests.unit.sagas.examples import OutOfStock, Purchase, Trip, calls, script

pytestmark = pytest.mark.django_db

Crash = Settle = Callable[[], None]


def start(saga: type[ramet.Saga] = Trip) -> uuid.UUID:
    with transaction.atomic():
        return saga.start(**({"traveller": uuid.uuid4()} if saga is Trip else {}))


def finished(run_id: uuid.UUID) -> SagaRun:
    return SagaRun.objects.get(pk=run_id)


def test_all_steps_are_done_in_order(settle: Settle) -> None:
    run_id = start()
    settle()
    assert calls == ["open", "reserve", "look", "pay", "decide", "send"]
    run = finished(run_id)
    assert run.status == "completed"
    assert run.finished_at is not None
    assert run.state["total"] == 12


def test_every_step_goes_on_with_the_request_that_started_the_run(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So do its log lines, its calls and what it publishes."""
    seen: list[object] = []
    monkeypatch.setattr(examples, "play", lambda name: seen.append(get_contextvars()["request_id"]))
    with bound_contextvars(request_id="r1", token="secret"):
        run_id = start()
    assert "secret" not in finished(run_id).headers
    with bound_contextvars(request_id="another"):
        settle()
    assert seen == ["r1"] * 6


def test_nothing_runs_when_the_transaction_that_started_it_rolls_back(settle: Settle) -> None:
    with transaction.atomic():
        Trip.start(traveller=uuid.uuid4())
        transaction.set_rollback(True)
    settle()
    assert calls == []


def test_a_refusal_undoes_what_was_done_in_reverse_and_not_the_refused_step(
    settle: Settle,
) -> None:
    script["pay"] = [OutOfStock("LAMP")]
    run_id = start()
    settle()
    assert calls == ["open", "reserve", "look", "pay", "release", "cancel"]
    assert finished(run_id).status == "compensated"


def test_a_refusal_of_the_first_step_ends_the_saga_at_once(settle: Settle) -> None:
    script["open"] = [OutOfStock("LAMP")]
    run_id = start()
    settle()
    assert calls == ["open"]
    assert finished(run_id).status == "compensated"


def test_the_reason_is_readable_in_undo_methods_and_in_the_row(settle: Settle) -> None:
    script["reserve"] = [OutOfStock("LAMP")]
    run_id = start()
    settle()
    run = finished(run_id)
    assert run.state["seen"] == ["reserve:OutOfStock"]
    assert run.failure is not None
    assert run.failure["fields"] == {"sku": "LAMP"}
    assert run.failure["refused"] is True


def test_a_failed_attempt_is_repeated_later_and_then_goes_on(settle: Settle) -> None:
    script["reserve"] = [Unavailable("away"), DeadlineExceeded("slow")]
    run_id = start()
    settle()
    assert calls == ["open", "reserve", "reserve", "reserve", "look", "pay", "decide", "send"]
    assert finished(run_id).status == "completed"


def test_a_failed_attempt_waits_before_the_next_one() -> None:
    script["reserve"] = [Unavailable("away")]
    run_id = start()
    run_due("test")
    run_due("test")
    assert calls == ["open", "reserve"]
    run = finished(run_id)
    assert (run.status, run.attempts, run.holder) == ("running", 1, "")
    assert run.error == "Unavailable: away"


def test_a_step_whose_attempts_are_used_up_is_in_doubt_and_undone_too(settle: Settle) -> None:
    script["reserve"] = [Unavailable("away")] * 3
    run_id = start()
    settle()
    assert calls == ["open", *["reserve"] * 3, "release", "cancel"]
    run = finished(run_id)
    assert run.failure is not None
    assert (run.failure["step"], run.failure["refused"]) == ("reserve", False)


def test_a_bug_in_a_step_is_an_attempt_that_failed(settle: Settle) -> None:
    script["pay"] = [ZeroDivisionError("bug")] * 2
    run_id = start()
    settle()
    assert calls[-3:] == ["void", "release", "cancel"]
    assert (
        "ZeroDivisionError" in finished(run_id).journal.get(step="pay", direction="forward").error
    )


def test_a_step_that_killed_its_process_at_every_attempt_is_undone_and_not_tried_again(
    settle: Settle, crash: Crash
) -> None:
    script["reserve"] = [Unavailable("away")]
    run_id = start()
    run_due("test")
    crash()
    crash()
    settle()
    assert calls == ["open", "reserve", "release", "cancel"]
    run = finished(run_id)
    assert run.failure is not None
    assert run.failure["error"] == "AttemptsUsedUp"


def test_an_atomic_step_that_killed_its_process_at_every_attempt_is_not_undone(
    settle: Settle, crash: Crash
) -> None:
    run_id = start()
    for _ in range(5):
        crash()
    settle()
    assert calls == []
    assert finished(run_id).status == "compensated"


def test_an_undo_that_killed_its_process_at_every_attempt_needs_a_person(
    settle: Settle, crash: Crash
) -> None:
    script["pay"] = [OutOfStock("x")]
    script["release"] = [Unavailable("away")]
    run_id = start()
    run_due("test")
    for _ in range(UNDO_ATTEMPTS - 1):
        crash()
    settle()
    assert calls.count("release") == 1
    assert finished(run_id).status == "stuck"


def test_after_the_pivot_a_step_that_killed_its_process_is_tried_again(
    settle: Settle, crash: Crash
) -> None:
    script["send"] = [Unavailable("away")]
    run_id = start()
    run_due("test")
    for _ in range(8):
        crash()
    settle()
    assert calls.count("send") == 2
    assert finished(run_id).status == "completed"


@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError(), GeneratorExit()])
def test_a_step_that_wants_to_end_its_thread_is_an_attempt_that_failed(
    settle: Settle, error: BaseException
) -> None:
    script["open"] = [error]
    script["reserve"] = [error] * 3
    run_id = start()
    settle()
    assert calls == ["open", "open", *["reserve"] * 3, "release", "cancel"]
    assert finished(run_id).status == "compensated"


def test_ctrl_c_in_a_test_or_a_tool_ends_it() -> None:
    script["open"] = [KeyboardInterrupt()]
    start()
    with pytest.raises(KeyboardInterrupt):
        run_due("test")


def test_an_atomic_step_that_fails_is_rolled_back_and_needs_no_undo(settle: Settle) -> None:
    script["open"] = [Unavailable("away")] * 5
    run_id = start()
    settle()
    assert calls == ["open"] * 5
    assert finished(run_id).status == "compensated"


def test_a_refusal_by_the_pivot_still_turns_back(settle: Settle) -> None:
    script["decide"] = [OutOfStock("by customer")]
    start()
    settle()
    assert calls[-4:] == ["decide", "void", "release", "cancel"]


def test_a_pivot_that_may_have_happened_is_never_followed_by_a_way_back(settle: Settle) -> None:
    script["capture"] = [Unavailable("the answer was lost"), OutOfStock("x")]
    run_id = start(Purchase)
    settle()
    assert calls == ["reserve", "capture", "capture"]
    assert finished(run_id).status == "stuck"


def test_after_the_pivot_a_step_is_repeated_until_it_succeeds(settle: Settle) -> None:
    script["send"] = [Unavailable("away")] * 30
    run_id = start()
    settle()
    assert calls.count("send") == 31
    assert finished(run_id).status == "completed"


def test_a_refusal_after_the_pivot_needs_a_person(settle: Settle) -> None:
    script["send"] = [OutOfStock("LAMP")]
    run_id = start()
    settle()
    run = finished(run_id)
    assert (run.status, run.finished_at) == ("stuck", None)
    assert calls.count("send") == 1


def test_a_failing_undo_is_repeated_and_the_ones_before_it_wait(settle: Settle) -> None:
    script["pay"] = [OutOfStock("x")]
    script["release"] = [Unavailable("away")] * 3
    run_id = start()
    settle()
    assert calls[-5:] == ["release"] * 4 + ["cancel"]
    assert finished(run_id).status == "compensated"


def test_an_undo_that_never_succeeds_needs_a_person(settle: Settle) -> None:
    script["pay"] = [OutOfStock("x")]
    script["release"] = [Unavailable("away")] * 100
    run_id = start()
    settle()
    run = finished(run_id)
    assert run.status == "stuck"
    assert run.failure is not None
    assert run.failure["step"] == "pay"
    assert "cancel" not in calls


def test_state_set_by_an_attempt_that_failed_is_forgotten(settle: Settle) -> None:
    script["reserve"] = [OutOfStock("x")]
    run_id = start()
    settle()
    assert finished(run_id).state["total"] is None


def test_the_journal_tells_what_happened_in_order(settle: Settle) -> None:
    script["reserve"] = [Unavailable("away")]
    script["pay"] = [OutOfStock("x")]
    run_id = start()
    settle()
    rows = finished(run_id).journal.values_list("step", "direction", "outcome", "attempts")
    assert list(rows) == [
        ("open", "forward", "done", 1),
        ("reserve", "forward", "done", 2),
        ("look", "forward", "done", 1),
        ("pay", "forward", "refused", 1),
        ("reserve", "backward", "done", 1),
        ("open", "backward", "done", 1),
    ]


def test_the_times_in_the_journal_do_not_depend_on_the_clock_of_the_process(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Wrong":
            return cls(1999, 1, 1, tzinfo=tz)

    monkeypatch.setattr(claims, "datetime", Wrong, raising=False)
    run_id = start()
    settle()
    times = list(finished(run_id).journal.values_list("started_at", "finished_at"))
    assert len(times) == 6
    assert all(timedelta() <= end - begin < timedelta(seconds=5) for begin, end in times)


def test_calls_of_each_attempt_of_a_step_have_the_same_idempotency_keys(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str | None] = []

    def remember(name: str) -> None:
        scope = idempotency_scope.get()
        keys.append(scope.next_key("products.reserve") if scope else None)
        if name == "reserve" and len(keys) < 4:
            raise Unavailable("away")

    monkeypatch.setattr(examples, "play", remember)
    run_id = start()
    settle()
    assert keys[0] is None, "an atomic step makes no calls"
    assert keys[1] == keys[2] == keys[3] == f"saga/{run_id}/forward/reserve/0/products.reserve/1"
    assert keys[4] == f"saga/{run_id}/forward/look/0/products.reserve/1"


def test_calls_in_a_step_have_no_more_time_than_the_step(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: dict[str, float | None] = {}
    monkeypatch.setattr(examples, "play", lambda name: left.update({name: remaining()}))
    start()
    settle()
    assert left["reserve"] is None
    assert left["pay"] is not None
    assert 29 < left["pay"] <= 30


def test_a_step_whose_time_is_over_is_not_attempted_again(settle: Settle) -> None:
    script["pay"] = [Unavailable("away")]
    run_id = start()
    run_due("test")
    SagaRun.objects.filter(pk=run_id).update(step_started_at=Now() - timedelta(seconds=31))
    settle()
    assert calls.count("pay") == 1
    assert calls[-3:] == ["void", "release", "cancel"]


def test_a_run_of_a_version_that_is_not_deployed_waits_untouched(settle: Settle) -> None:
    run_id = start()
    SagaRun.objects.filter(pk=run_id).update(version=99)
    assert run_due("test") == 0
    assert finished(run_id).epoch == 0


def test_a_run_of_an_older_version_is_finished_by_its_own_class(settle: Settle) -> None:
    run_id = start()
    with transaction.atomic():
        newer = examples.TripV2.start(traveller=uuid.uuid4())
    settle()
    assert finished(run_id).version == 1
    assert finished(newer).version == 2
    assert finished(run_id).name == finished(newer).name
    assert calls.count("fly") == 1
    assert calls.count("send") == 1


def test_a_state_of_the_wrong_type_fails_the_step_that_made_it(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistype(trip: Trip) -> None:
        trip.total = "twelve"  # type: ignore[assignment]

    monkeypatch.setattr(Trip, "reserve", mistype)
    run_id = start()
    settle()
    failure = finished(run_id).failure
    assert failure is not None
    assert failure["step"] == "reserve"
    assert "field total" in failure["message"]


def test_starting_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="outside transaction"):
        Trip.start(traveller=uuid.uuid4())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "lacks traveller"),
        ({"traveller": uuid.uuid4(), "hotel": 1}, "no field hotel"),
        ({"traveller": 7}, "field traveller"),
    ],
)
def test_starting_with_wrong_fields_names_the_field(given: dict[str, object], message: str) -> None:
    with pytest.raises(TypeError, match=message), transaction.atomic():
        Trip.start(**given)


def test_a_run_is_found_by_its_key() -> None:
    traveller = uuid.uuid4()
    with transaction.atomic():
        run_id = Trip.start(traveller=traveller)
    assert SagaRun.objects.get(key=str(traveller)).pk == run_id
