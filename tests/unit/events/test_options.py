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


def test_unknown_names_and_wrong_values_are_told_together(settings: Any) -> None:
    settings.RAMET_EVENTS = {"handler_thread": 2, "lease": "15", "keep_done": 0}
    with pytest.raises(DiagnosticError) as refused:
        options()
    assert [each.found for each in refused.value.mistakes] == [
        "handler_thread = 2",
        "lease = '15'",
        "keep_done = 0",
    ]
