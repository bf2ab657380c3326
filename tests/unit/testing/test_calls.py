"""Faults on calls: what the callee does, and what the caller sees."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Village = Callable[[str], pytest.RunResult]


def test_each_fault_is_met_as_it_says_and_ends(village: Village) -> None:
    village("""
        import time
        from ramet.calls import CallInsideTransaction, context
        from django.db import transaction

        pytestmark = [pytest.mark.django_db, pytest.mark.placements("monolith", "services")]

        def bake():
            return ramet.client(Bakery).bake("roll")

        def test_a_refusal(calls):
            calls.refuse(Bakery.bake, SoldOut(kind="roll"))
            with pytest.raises(SoldOut) as caught:
                bake()
            assert (caught.value.kind, caught.value.operation) == ("roll", "bakery.v1.Bakery.bake")
            assert done == []
            assert ramet.client(Bakery).where()

        def test_unavailable_for_a_block(calls):
            with calls.unavailable(Bakery) as away:
                for _ in range(2):
                    with pytest.raises(ramet.Unavailable):
                        bake()
            assert (bake(), away.met, done, calls.count(Bakery.bake)) == ("ROLL", 2, ["roll"], 3)

        def test_a_lost_answer_once(calls):
            calls.lose_answer(Bakery.bake, times=1)
            with pytest.raises(ramet.Unavailable):
                bake()
            assert done == ["roll"]
            assert bake() == "ROLL"

        def test_slow_counts_and_nobody_waits(calls):
            began = time.monotonic()
            with calls.slow(Bakery, "1500ms"):
                assert bake() == "ROLL"
            with calls.slow(Bakery, "1h"), pytest.raises(ramet.DeadlineExceeded):
                bake()
            assert done == ["roll", "roll"]
            with context.use_deadline(3600), calls.slow(Bakery, "1500ms"):
                bake()
                assert context.remaining() < 3599
            assert time.monotonic() - began < 1.4

        def test_slow_leaves_the_callee_less(calls):
            calls.slow(Bakery.where, "400ms")
            assert float(ramet.client(Bakery).where()[2]) <= 0.1

        def test_slow_advances_the_clock(calls, clock):
            with calls.slow(Bakery, "1s"):
                bake()
            assert clock.elapsed.total_seconds() == 1

        @pytest.mark.django_db(transaction=True)
        def test_a_fault_hides_no_call_inside_a_transaction(calls):
            calls.unavailable(Bakery)
            with pytest.raises(CallInsideTransaction), transaction.atomic():
                bake()

        def test_nothing_is_left_of_the_tests_before():
            assert bake() == "ROLL"
    """).assert_outcomes(passed=16)


def test_wrong_use_is_told(village: Village) -> None:
    village("""
        def test_0(calls):
            with pytest.raises(DiagnosticError, match="not-an-operation"):
                calls.unavailable(print)

        def test_1(calls):
            with pytest.raises(DiagnosticError, match="not-a-refusal"):
                calls.refuse(Bakery.bake, ValueError("x"))

        def test_2(calls):
            with pytest.raises(DiagnosticError, match="not-a-duration"):
                calls.slow(Bakery.bake, "soon")

        def test_3(calls):
            with pytest.raises(DiagnosticError, match="fault-times"):
                calls.lose_answer(Bakery.bake, times=0)

        def test_4(calls):
            with pytest.raises(DiagnosticError, match="not-an-operation"):
                calls.count(Parcel.pack)
    """).assert_outcomes(passed=5)
