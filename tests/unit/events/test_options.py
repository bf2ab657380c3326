"""RAMET_EVENTS in the settings."""

from typing import Any

import pytest

from ramet.errors import DiagnosticError
from ramet.events.options import Options, options


def test_nothing_set_gives_the_defaults() -> None:
    assert options() == Options()


def test_a_project_overrides_what_it_names(settings: Any) -> None:
    settings.RAMET_EVENTS = {"handler_threads": 2}
    assert options() == Options(handler_threads=2)


@pytest.mark.parametrize("given", [{"keep_done": 14}, {"broker_keeps": 60}])
def test_forgetting_before_the_broker_does_is_refused(settings: Any, given: Any) -> None:
    settings.RAMET_EVENTS = given
    with pytest.raises(DiagnosticError, match="keep_done longer than broker_keeps"):
        options()
    settings.RAMET_EVENTS = {"keep_done": 61, "broker_keeps": 60}
    assert options().keep_done == 61


def test_unknown_names_and_wrong_values_are_told_together(settings: Any) -> None:
    settings.RAMET_EVENTS = {"handler_thread": 2, "lease": "15", "keep_done": 0}
    with pytest.raises(DiagnosticError) as refused:
        options()
    assert [each.found for each in refused.value.mistakes] == [
        "handler_thread = 2",
        "lease = '15'",
        "keep_done = 0",
    ]
