"""Small words of the overview."""

from datetime import UTC, datetime, timedelta

import pytest
from ramet.tools.dashboard.overview import age

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(passed, words):
    assert age(NOW - passed, NOW) == words


def test_no_moment_has_no_age():
    assert age(None, NOW) == ""
