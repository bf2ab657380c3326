"""RAMET_AUDIT: what is wrong with it is told."""

import pytest
from django.test import override_settings

from ramet.auditing.options import Options, options
from ramet.errors import DiagnosticError


def test_without_the_setting_everything_is_on() -> None:
    assert options() == Options(changes=True, refusals=True, seal_every=10)


@override_settings(RAMET_AUDIT={"changes": False, "seal_every": 60})
def test_the_setting_changes_what_it_names() -> None:
    assert options() == Options(changes=False, refusals=True, seal_every=60)


@pytest.mark.parametrize(
    "given", [{"changes": 1}, {"seal_every": True}, {"seal_every": 0}, {"change": True}]
)
def test_another_type_or_name_is_an_error(given: dict[str, object]) -> None:
    with override_settings(RAMET_AUDIT=given), pytest.raises(DiagnosticError) as caught:
        options()
    (mistake,) = caught.value.mistakes
    assert mistake.reference == "audit-option"
    assert mistake.expected == (
        "whole numbers above 0 for seal_every; True or False for changes, refusals"
    )
