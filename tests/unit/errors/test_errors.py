"""A diagnostic error shows everything that a user needs, and all mistakes at once."""

import pytest

from ramet.errors import DiagnosticError, Mistake

ROUTES = Mistake(
    "unknown-key",
    where="ramet.toml:12",
    found='"rotues" in [services.orders]',
    expected="one of apps, routes, owner, command, contract",
    remedy='Did you mean "routes"?',
)
SETTINGS = Mistake(
    "project-does-not-start",
    where="manage.py check",
    found="Traceback\nKeyError: 'SECRET'",
    expected="a project that starts",
    remedy="Set SECRET.",
)


def test_a_mistake_tells_place_reference_found_expected_and_remedy() -> None:
    """The whole rendered text, because people and editors read it."""
    assert str(DiagnosticError(ROUTES)) == (
        "ramet.toml:12: unknown-key\n"
        '  found     "rotues" in [services.orders]\n'
        "  expected  one of apps, routes, owner, command, contract\n"
        '  remedy    Did you mean "routes"?'
    )


def test_several_mistakes_are_rendered_together_and_longer_texts_stay_aligned() -> None:
    """Mistakes keep the order they were given in."""
    assert str(DiagnosticError(SETTINGS, ROUTES)) == (
        "manage.py check: project-does-not-start\n"
        "  found     Traceback\n"
        "            KeyError: 'SECRET'\n"
        "  expected  a project that starts\n"
        "  remedy    Set SECRET.\n"
        "\n"
        "ramet.toml:12: unknown-key\n"
        '  found     "rotues" in [services.orders]\n'
        "  expected  one of apps, routes, owner, command, contract\n"
        '  remedy    Did you mean "routes"?'
    )


def test_an_error_without_a_mistake_is_a_bug_of_ours() -> None:
    """It would tell the user nothing."""
    with pytest.raises(ValueError, match="at least one Mistake"):
        DiagnosticError()
