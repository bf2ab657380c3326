"""Small words of the overview."""

from datetime import UTC, datetime, timedelta

import pytest

from ramet.tools.dashboard.memory import megabytes
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


def test_memory_is_the_proportional_share_in_megabytes(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "smaps_rollup").write_text(
        "Rss:  90000 kB\nPss:   50000 kB\nPss_Dirty: 1 kB\n"
    )
    assert megabytes(7, proc=tmp_path) == 51.2
    assert megabytes(8, proc=tmp_path) is None
