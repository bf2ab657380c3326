"""Values that would arrive as others are found wherever a type may hold them."""

import dataclasses
import math
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any, Generic, TypeVar

import msgspec
import pytest

import ramet
from ramet.calls.exactness import Exactness, Inexact

T = TypeVar("T")
ODD = timezone(timedelta(minutes=19, seconds=32))


class Box(ramet.Value):
    name: str


class BigBox(Box):
    size: int = 1


class SameBox(Box):
    @property
    def loud(self) -> str:
        return self.name.upper()


class Tagged(ramet.Value, tag=True):
    name: str


class BigTagged(Tagged, tag=True):
    size: int = 1


class Tree(ramet.Value):
    weight: float
    children: "list[Tree]" = []


class Page(ramet.Value, Generic[T]):
    items: list[T]


@dataclasses.dataclass
class Crate:
    box: Box


@dataclasses.dataclass
class BigCrate(Crate):
    at: time = time(0)


def exactness(annotation: Any) -> tuple[Exactness, Any]:
    struct = msgspec.defstruct("Answer", [("result", annotation)])
    return Exactness(struct), struct


@pytest.mark.parametrize(
    ("annotation", "value", "path"),
    [
        (float, math.nan, "result"),
        (float | None, -math.inf, "result"),
        (dict[str, list[float]], {"a": [1.0, math.inf]}, "result[...][1]"),
        (tuple[int, float], (1, math.inf), "result[1]"),
        (tuple[float, ...], (1.0, math.inf), "result[1]"),
        (Tree, Tree(1.0, [Tree(1.0), Tree(math.nan)]), "result.children[1].weight"),
        (datetime, datetime(1930, 1, 1, tzinfo=ODD), "result"),
        (time | None, time(1, tzinfo=ODD), "result"),
        (Box, BigBox("a"), "result"),
        (list[Box | None], [None, Box("a"), BigBox("a")], "result[2]"),
        (Crate, Crate(BigBox("a")), "result.box"),
        (Crate, BigCrate(Box("a")), "result"),
        (Page[Box], Page([BigBox("a")]), "result.items[0]"),
        (tuple[Page[int], Page[float]], (Page([1]), Page([math.nan])), "result[1].items[0]"),
    ],
)
def test_a_value_that_would_arrive_as_another_is_named_by_its_path(
    annotation: Any, value: Any, path: str
) -> None:
    found, struct = exactness(annotation)
    with pytest.raises(Inexact) as caught:
        found.check(struct(value))
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (float, 1),
        (float, "of another type, which the receiver refuses"),
        (float | str, "nan"),
        (datetime, datetime(2024, 1, 1)),
        (datetime, datetime(2024, 1, 1, tzinfo=UTC)),
        (datetime, datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))),
        (Box, SameBox("a")),
        (Tagged | BigTagged, BigTagged("a")),
        (BigBox, BigBox("a")),
        (Page[Box], Page([Box("a")])),
        (list[Box], {"name": "a"}),
    ],
)
def test_any_other_value_passes(annotation: Any, value: Any) -> None:
    found, struct = exactness(annotation)
    found.check(struct(value))


def test_a_class_that_extends_a_record_later_counts_too() -> None:
    class Late(ramet.Value):
        name: str

    found, struct = exactness(list[Late])
    found.check(struct([Late("a")]))

    class Later(Late):
        size: int = 1

    with pytest.raises(Inexact):
        found.check(struct([Later("a")]))


def test_a_refusal_with_a_field_that_would_arrive_as_another_is_refused_where_it_is_made() -> None:
    class TooHeavy(ramet.Refused):
        weight: float

    with pytest.raises(ValueError, match=r"TooHeavy\.weight: Expected a finite"):
        TooHeavy(math.nan)
