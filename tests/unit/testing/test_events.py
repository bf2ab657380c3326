"""Events in tests: settled in order, troubled as far as guarantees allow."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Village = Callable[[str], pytest.RunResult]


def test_events_are_settled_published_and_troubled(village: Village) -> None:
    village("""
        from django.db import transaction

        pytestmark = pytest.mark.django_db

        def test_published_is_what_committed(events):
            announce(1)
            with transaction.atomic():
                ramet.publish(Baked(kind="roll", number=2))
                transaction.set_rollback(True)
            events.settle()
            announce(3)
            assert events.published == [Baked(kind="roll", number=1), Baked(kind="roll", number=3)]
            assert events.of(Baked) == events.published

        def test_a_handlers_error_is_raised_and_the_clock_brings_the_next_attempt(events, clock):
            handlers.failing.append(1)
            announce(1, 2)
            with pytest.raises(ValueError, match="cannot carry 1"):
                events.settle()
            assert events.settle() == 0
            clock.advance(minutes=1)
            handlers.failing.clear()
            assert events.settle() == 2
            assert seen == [("roll", 1), ("roll", 2)]

        def test_failures_can_be_recorded_only(events):
            handlers.failing.append(1)
            announce(1)
            announce(2, kind="bun")
            assert events.settle(raising=False) == 2
            assert seen == [("bun", 2)]

        def test_an_event_that_cannot_be_read_is_not_passed_over(events):
            announce(1)
            from ramet.events.models import Outbox
            Outbox.objects.update(payload="{}")
            with pytest.raises(HandlerFailed, match="carry"):
                events.settle()

        def test_duplicates_have_one_effect(events):
            from ramet.events import inbox
            events.duplicate(Baked)
            announce(1, 2)
            events.settle()
            assert seen == [("roll", 1), ("roll", 2)]

        def test_reordered_keys_stay_in_order(events):
            events.reorder(seed=3)
            for number in range(8):
                announce(number, kind="abcd"[number % 4])
            events.settle()
            numbers = [number for _, number in seen]
            assert sorted(numbers) == list(range(8)) != numbers
            for kind in "abcd":
                assert [n for k, n in seen if k == kind] == sorted(n for k, n in seen if k == kind)

        def test_a_delayed_event_holds_up_its_key_until_its_time(events, clock):
            events.delay(Baked, minutes=5)
            announce(1)
            events.settle()
            clock.advance(minutes=4)
            events.settle()
            assert seen == []
            clock.advance(minutes=1)
            events.settle()
            assert seen == [("roll", 1)]

        def test_dropped_connections_to_the_broker_lose_and_double_nothing(events):
            events.drop_connection("relay", "receiver")
            announce(1, 2)
            events.settle()
            assert seen == [("roll", 1), ("roll", 2)]
    """).assert_outcomes(passed=8)


def test_wrong_use_is_told(village: Village) -> None:
    village("""
        @pytest.mark.django_db
        def test_0(events, clock, sagas):
            with pytest.raises(DiagnosticError, match="unknown-place"):
                events.drop_connection("moon")

        @pytest.mark.django_db
        def test_1(events, clock, sagas):
            with pytest.raises(DiagnosticError, match="connection-holds-the-test"):
                events.drop_connection()

        @pytest.mark.django_db
        def test_2(events, clock, sagas):
            with pytest.raises(DiagnosticError, match="no-delay"):
                events.delay(Baked)

        @pytest.mark.django_db
        def test_3(events, clock, sagas):
            with pytest.raises(DiagnosticError, match="not-an-event"):
                events.duplicate(Parcel)

        @pytest.mark.django_db
        def test_4(events, clock, sagas):
            with pytest.raises(DiagnosticError, match="not-an-event"):
                events.of(str)

        @pytest.mark.django_db
        def test_5(events, clock, sagas):
            with pytest.raises(DiagnosticError, match="clock-goes-forward"):
                clock.advance(hours=-1)

        @pytest.mark.django_db
        def test_6(events, clock, sagas):
            with pytest.raises(DiagnosticError, match="not-a-saga"):
                sagas.run(Bakery)

        @pytest.mark.django_db
        def test_7(events, clock, sagas):
            with pytest.raises(DiagnosticError, match="not-a-step"):
                sagas.until(Bakery.bake)
    """).assert_outcomes(passed=8)
