"""Figures as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ramet.tools.dashboard import formats

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NANOSECONDS = int(NOW.timestamp() * 1e9)


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
    assert formats.ago(NOW - passed, NANOSECONDS) == words


def test_no_moment_has_no_age():
    assert formats.ago(None, NANOSECONDS) == ""


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1 µs"),
        (999_600, "1 ms"),
        (12_345_678, "12.3 ms"),
        (999_499_999, "999 ms"),
        (999_999_999, "1 s"),
        (59_990_000_000, "60 s"),
        (125_000_000_000, "2 min 5 s"),
        (3_599_999_999_999, "1 h 0 min"),
    ],
)
def test_a_duration_has_three_digits(nanoseconds, words):
    assert formats.duration(nanoseconds) == words


@pytest.mark.parametrize(
    ("per_second", "words"),
    [(0, "0/s"), (1234.5, "1,234/s"), (12.34, "12/s"), (0.5, "30/min"), (0.004, "14/h")],
)
def test_a_rate_is_per_what_lets_something_be_seen(per_second, words):
    assert formats.rate(per_second) == words


@pytest.mark.parametrize(
    ("part", "words"), [(0, "0%"), (0.00001, "<0.1%"), (0.034, "3.4%"), (0.5, "50%"), (1, "100%")]
)
def test_what_is_not_nothing_is_never_shown_as_nothing(part, words):
    assert formats.percent(part) == words


def test_a_moment_of_another_day_has_its_date():
    berlin = ZoneInfo("Europe/Berlin")
    assert formats.clock(NANOSECONDS, berlin, now=NANOSECONDS) == "13:00:00.000"
    later = NANOSECONDS + 24 * 3600 * 10**9
    assert formats.clock(NANOSECONDS, berlin, now=later) == "2026-11-23 13:00:00.000"


@pytest.mark.parametrize("moment", [-(10**30), 0, 10**30])
def test_a_span_may_claim_any_time(moment):
    assert formats.utc(moment).endswith("Z")
    assert formats.clock(moment, UTC)
