"""One test in several placements: what differs between them, and what a wrong mark says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Village = Callable[[str], pytest.RunResult]


def test_calls_leave_the_thread_and_events_the_database_in_services_only(village: Village) -> None:
    village("""
        from django.utils import translation

        pytestmark = [pytest.mark.django_db, pytest.mark.placements("monolith", "services")]

        def test_calls(placement):
            with translation.override("de"):
                in_main_thread, language, _ = ramet.client(Bakery).where()
            assert in_main_thread == str(not placement.is_services)
            assert language == "en-us"

        def test_events(placement, events, monkeypatch):
            from ramet.events import cloudevents
            decoded = []
            original = cloudevents.decode
            monkeypatch.setattr(
                "ramet.events.receiver.decode", lambda body: decoded.append(body) or original(body)
            )
            announce(1, 2)
            assert events.settle() == 2
            assert seen == [("roll", 1), ("roll", 2)]
            assert len(decoded) == (2 if placement.is_services else 0)

        def test_sagas(sagas, placement):
            run = sagas.run(Parcel, kind="roll")
            assert (run.status, run.saga.inside) == ("completed", "ROLL")

        @pytest.mark.django_db(transaction=True)
        def test_with_own_connections(settle, events, sagas):
            announce(1)
            sagas.run(Parcel, kind="roll")
            settle()
            assert seen == [("roll", 1)]

        def test_a_stand_in_answers_in_both(placement):
            from ramet.calls import stand_in
            class Closed(services.Oven):
                def bake(self, kind: str) -> str:
                    raise SoldOut(kind)
            with stand_in(Bakery, Closed), pytest.raises(SoldOut):
                ramet.client(Bakery).bake("roll")
            assert ramet.client(Bakery).bake("roll") == "ROLL"
    """).assert_outcomes(passed=10)


def test_the_caller_is_the_service_whose_module_calls(village: Village) -> None:
    """In both placements; nobody for a test's own module, unless the test says who."""
    village("""
        from ramet.testing import called_by

        pytestmark = [pytest.mark.django_db, pytest.mark.placements("monolith", "services")]

        @pytest.fixture
        def callers(monkeypatch):
            found = []
            def bake(self, kind):
                found.append(ramet.caller().service)
                assert not ramet.caller().user.is_authenticated
                return kind
            monkeypatch.setattr(services.Oven, "bake", bake)
            return found

        def test_a_service(placement, sagas, callers):
            assert sagas.run(Parcel, kind="roll").status == "completed"
            assert callers == ["post"]
            assert ramet.caller().service is None

        def test_code_of_no_service(placement, callers):
            with called_by("gateway"):
                ramet.client(Bakery).bake("roll")
                services.Oven().bake("roll")
                assert ramet.caller().service == "gateway"
            assert callers == [None, "gateway"]
    """).assert_outcomes(passed=4)


def test_a_test_without_the_mark_is_the_monolith(village: Village) -> None:
    village("""
        def test_it(placement):
            assert placement.name == "monolith"
    """).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("mark", "found"), [('"kubernetes"', "found 'kubernetes'"), ("", "found no placement")]
)
def test_a_mark_that_means_nothing_is_told(village: Village, mark: str, found: str) -> None:
    result = village(f"""
        @pytest.mark.placements({mark})
        def test_it(): ...
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f'*{found}; expected one or both of "monolith" and "services"*'])
