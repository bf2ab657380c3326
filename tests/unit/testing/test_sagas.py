"""Sagas in tests: to their end, step by step, and through crashes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Village = Callable[[str], pytest.RunResult]


def test_sagas_are_settled_stepped_and_crashed(village: Village) -> None:
    village("""
        from django.db import transaction

        pytestmark = pytest.mark.django_db

        def start(kind="roll"):
            with transaction.atomic():
                Parcel.start(kind=kind)

        def test_a_run_tells_what_became_of_it(sagas):
            run = sagas.run(Parcel, kind="roll")
            assert (run.status, run.done) == ("completed", ("pack", "weigh", "send", "sign"))
            assert run.saga.inside == "ROLL"

        def test_failures_are_retried_without_waiting_and_then_taken_back(sagas):
            run = sagas.run(Parcel, kind="stone")
            assert (run.status, run.undone) == ("compensated", ("pack",))
            assert run.failure.error == "ValueError"
            assert done == ["stone", "ate stone"]

        def test_what_fails_for_ever_is_told(sagas):
            start("ghost")
            with pytest.raises(NotSettled, match="nobody signs"):
                sagas.settle()
            (run,) = sagas.of(Parcel)
            assert run.status == "running"

        def test_a_stuck_run_is_told(sagas, calls):
            calls.refuse(Bakery.eat, SoldOut(kind="stone"))
            start("stone")
            with pytest.raises(NotSettled, match="needs a person"):
                sagas.settle()

        def test_step_by_step(sagas):
            start()
            assert sagas.step()
            assert sagas.of(Parcel)[0].done == ("pack",)
            sagas.until(Parcel.sign)
            assert sagas.of(Parcel)[0].done == ("pack", "weigh", "send")
            assert sagas.step()
            assert not sagas.step()

        @pytest.mark.parametrize("step", [Parcel.pack, Parcel.send, Parcel.sign])
        @pytest.mark.parametrize("committed", [None, False, True])
        def test_a_crash_is_made_up_for(sagas, calls, step, committed):
            if committed is None:
                sagas.crash_before(step)
            else:
                sagas.crash_after(step, committed=committed)
            assert sagas.run(Parcel, kind="roll").status == "completed"
            assert done == ["roll"]  # a second call has the key of the first
            asked = 2 if (step, committed) == (Parcel.pack, False) else 1
            assert calls.count(Bakery.bake) == asked

        def test_a_crash_of_an_undo(sagas, calls):
            sagas.crash_after(Parcel.unpack)
            assert sagas.run(Parcel, kind="stone").status == "compensated"
            assert (done, calls.count(Bakery.eat)) == (["stone", "ate stone"], 2)

        def test_slow_calls_use_up_the_time_of_their_step(sagas, calls):
            calls.slow(Bakery.bake, "1h", times=1)
            calls.slow(Bakery.bake, "1m", times=1)
            start()
            sagas.settle()
            assert calls.count(Bakery.bake) == 3

        def test_settle_does_both(settle, events, sagas):
            announce(1)
            start()
            settle()
            assert seen == [("roll", 1)]
            assert sagas.of(Parcel)[0].status == "completed"
    """).assert_outcomes(passed=17)


def test_a_crash_that_never_came_fails_the_test(village: Village) -> None:
    result = village("""
        @pytest.mark.django_db
        def test_it(sagas):
            sagas.crash_before(Parcel.sign)
    """)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*crash-never-came*"])
