"""Lines over time as SVG: scales with round numbers, paths with gaps, and the same as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import floor, log10

from ramet.tools.dashboard.store import Series

__all__ = ["Chart", "Curve", "chart"]

WIDTH, HEIGHT = 440.0, 130.0
_MOST_CURVES = 8
_ROWS = 3


@dataclass(frozen=True, slots=True)
class Curve:
    """One series: `d` of its SVG path, its moments that stand alone, and its figures.

    `short` is what of the `name` finds room beside a small chart.
    """

    name: str
    short: str
    path: str
    dots: tuple[tuple[float, float], ...]
    last: float
    mean: float
    most: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`rows` and `columns` are pairs of a place (0 to HEIGHT or WIDTH) and a value or a moment.

    `left_out` is how many series more there are than can be told apart. `of_services` says that
    the curves are named by services, which have colours of their own.
    """

    title: str
    curves: tuple[Curve, ...]
    rows: tuple[tuple[float, float], ...]
    columns: tuple[tuple[float, int], ...]
    show: Callable[[float], str]
    left_out: int = 0
    of_services: bool = False
    width: float = WIDTH
    height: float = HEIGHT


def chart(
    title: str,
    series: Sequence[Series],
    since: int,
    until: int,
    step: int,
    show: Callable[[float], str],
    name: Callable[[Series], str],
    *,
    short: Callable[[Series], str] | None = None,
    of_services: bool = False,
) -> Chart:
    """The series with the highest values, at most eight, on one scale from 0; `show` writes a
    value. A step without a point is a gap: nothing was measured, which is not the same as 0."""
    # The step that is not over yet would always look like a fall.
    whole = [
        replace(each, points=tuple(point for point in each.points if point[0] + step <= until))
        for each in series
    ]
    filled = sorted(
        (each for each in whole if each.points),
        key=lambda each: (-max(value for _, value in each.points), name(each)),
    )
    shown = sorted(filled[:_MOST_CURVES], key=name)
    most = max((value for each in shown for _, value in each.points), default=0.0)
    top, between = _scale(most)
    length = max(until - since, 1)

    def place(moment: int, value: float) -> tuple[float, float]:
        x = min(max((moment - since) / length, 0.0), 1.0)
        return round(x * WIDTH, 1), round(HEIGHT - max(value, 0.0) / top * HEIGHT, 1)

    return Chart(
        title=title,
        curves=tuple(
            _curve(name(each), (short or name)(each), each.points, step, place) for each in shown
        ),
        rows=tuple(
            (round(HEIGHT - number * between / top * HEIGHT, 1), number * between)
            for number in range(round(top / between) + 1)
        ),
        columns=tuple((WIDTH * number / 4, since + length * number // 4) for number in range(5)),
        show=show,
        left_out=len(filled) - len(shown),
        of_services=of_services,
    )


def _curve(
    name: str,
    short: str,
    points: Sequence[tuple[int, float]],
    step: int,
    place: Callable[[int, float], tuple[float, float]],
) -> Curve:
    runs: list[list[tuple[float, float]]] = []
    before: int | None = None
    for moment, value in points:
        if before is None or moment - before > step:
            runs.append([])
        # A step's value is of the whole step: its middle.
        runs[-1].append(place(moment + step // 2, value))
        before = moment
    values = [value for _, value in points]
    return Curve(
        name=name,
        short=short,
        path="".join("M" + "L".join(f"{x} {y}" for x, y in run) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        last=values[-1],
        mean=sum(values) / len(values),
        most=max(values),
    )


def _scale(most: float) -> tuple[float, float]:
    """The end of the scale, and the distance of its lines: 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return 1.0, 0.5
    rough = most / _ROWS
    power = 10.0 ** floor(log10(rough))
    between = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    lines = -(-most // between) or 1
    return lines * between, between
