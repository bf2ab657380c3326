"""Charts: round scales, gaps where nothing was measured, and figures that are the points'."""

import pytest

from ramet.tools.dashboard.charts import HEIGHT, WIDTH, chart
from ramet.tools.dashboard.store import Series

MINUTE = 60 * 10**9


def drawn(*points, count=1, until=10):
    series = [
        Series("x", {"service": f"s{number:02}"}, "", tuple((at * MINUTE, v) for at, v in points))
        for number in range(count)
    ]
    return chart("X", series, 0, until * MINUTE, MINUTE, str, lambda each: each.labels["service"])


def test_a_gap_is_a_gap_and_a_lone_point_is_a_dot():
    curve = drawn((0, 1), (1, 1), (4, 1), (7, 1), (8, 1)).curves[0]
    assert curve.path.count("M") == 2
    assert len(curve.dots) == 1


def test_the_step_that_is_not_over_is_not_shown():
    assert drawn((8, 5), (9, 5), (10, 1)).curves[0].last == 5


def test_figures_are_of_the_points():
    curve = drawn((0, 2), (1, 6), (2, 1)).curves[0]
    assert (curve.last, curve.mean, curve.most) == (1, 3, 6)


@pytest.mark.parametrize(
    ("most", "lines"),
    [(9.3, [0, 5, 10]), (0.0007, [0, 0.0005, 0.001]), (300, [0, 100, 200, 300]), (0, [0, 0.5, 1])],
)
def test_scales_have_round_numbers_and_hold_every_value(most, lines):
    rows = drawn((0, most), (1, 0)).rows
    assert [pytest.approx(value) for _, value in rows] == lines
    assert rows[0][0] == HEIGHT
    assert rows[-1][0] == 0


def test_of_many_series_the_highest_are_shown_and_the_rest_is_told():
    found = drawn((0, 1), count=30)
    assert len(found.curves) == 8
    assert found.left_out == 22


def test_nothing_measured_is_no_curve():
    assert drawn().curves == ()


def test_everything_is_inside():
    curve = drawn((-2, 3), (-1, 3), (0, 3), (1, 7), (2, 7)).curves[0]
    for pair in curve.path.replace("M", "L").strip("L").split("L"):
        x, y = map(float, pair.split())
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
