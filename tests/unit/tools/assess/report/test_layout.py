"""Places on the map: always the same ones, apart from each other, near to what they know."""

import itertools
import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ramet.tools.assess.report.layout import laid_out
from tests.conftest import bounded


def groups_of(sizes: list[int]) -> list[list[str]]:
    return [[f"g{n}.M{m}" for m in range(size)] for n, size in enumerate(sizes)]


@bounded(examples=25, steps=1)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_circles_never_overlap_and_hold_their_models(sizes: list[int], chance) -> None:  # type: ignore[no-untyped-def]
    """Whatever the sizes and whatever connects them."""
    groups = groups_of(sizes)
    models = [model for group in groups for model in group]
    pairs = Counter({(chance.choice(models), chance.choice(models)): 3 for _ in range(40)})
    layout = laid_out(groups, pairs)
    for one, other in itertools.combinations(layout.circles, 2):
        assert math.dist((one.x, one.y), (other.x, other.y)) > one.radius + other.radius
    for circle, group in zip(layout.circles, groups, strict=True):
        for model in group:
            assert math.dist((circle.x, circle.y), layout.places[model]) < circle.radius
    assert len(set(layout.places.values())) == len(models)
    assert laid_out(groups, pairs) == layout


def test_what_is_best_connected_stands_in_the_middle() -> None:
    """Of its group."""
    (group,) = groups_of([9])
    layout = laid_out([group], {(group[5], other): 1 for other in group if other != group[5]})
    circle = layout.circles[0]
    assert layout.places[group[5]] == (circle.x, circle.y)


def test_a_model_is_turned_to_the_group_that_it_knows() -> None:
    """So that lines between groups are short."""
    groups = groups_of([7, 7])
    known = groups[0][6]
    inner = {(groups[0][0], each): 1 for each in groups[0][1:]}
    layout = laid_out(groups, {**inner, (known, groups[1][0]): 9})
    other = layout.circles[1]
    nearest = min(groups[0], key=lambda m: math.dist(layout.places[m], (other.x, other.y)))
    assert nearest == known
