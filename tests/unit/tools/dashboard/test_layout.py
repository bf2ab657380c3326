"""Drawings of graphs: nothing overlaps, nothing moves for nothing, and few links cross."""

import random
import re
from itertools import combinations

import pytest

from ramet.tools.dashboard.layout import Box, Link, draw
from ramet.tools.dashboard.layout.layers import layers
from ramet.tools.dashboard.layout.ordering import crossings, order


def boxes(*names, first=(), last=()):
    return tuple(Box(name, 140, 50, name in first, name in last) for name in names)


def links(*pairs):
    return tuple(Link(source, target, 78, 32) for source, target in pairs)


def of_services(count, seed=3):
    """Services that call later ones, now and then an earlier one, each with a database."""
    chance = random.Random(seed)
    names = [f"s{number:02}" for number in range(count)]
    pairs = {("gateway", name) for name in names[:6]}
    for number, name in enumerate(names):
        pairs.add((name, f"db-{name}"))
        for _ in range(chance.randrange(3)):
            pairs.add((name, chance.choice(names[max(0, number - 2) :])))
    stores = [f"db-{name}" for name in names]
    return (
        boxes("gateway", *names, *stores, first={"gateway"}, last=set(stores)),
        links(*sorted(pair for pair in pairs if pair[0] != pair[1])),
    )


def test_a_chain_goes_from_left_to_right():
    found = draw(
        boxes("gateway", "orders", "products"), links(("gateway", "orders"), ("orders", "products"))
    )
    x = [found.boxes[name].x for name in ("gateway", "orders", "products")]
    assert x == sorted(x)
    assert len({found.boxes[name].y for name in ("gateway", "orders", "products")}) == 1


def test_first_is_left_and_last_is_right_whatever_leads_there():
    found = layers(
        ["gateway", "a", "b", "event", "db"],
        [
            ("gateway", "a"),
            ("a", "b"),
            ("b", "event"),
            ("event", "a"),
            ("a", "db"),
            ("b", "gateway"),
        ],
        first={"gateway"},
        last={"event", "db"},
    )
    assert found["gateway"] == 0
    assert found["event"] == found["db"] > found["b"] > found["a"] > 0


def test_a_cycle_is_drawn_too():
    found = draw(boxes("a", "b", "c"), links(("a", "b"), ("b", "c"), ("c", "a")))
    assert set(found.routes) == {("a", "b"), ("b", "c"), ("c", "a")}


def test_a_link_to_itself_is_left_out():
    assert draw(boxes("a"), links(("a", "a"))).routes == {}


def test_nothing_at_all_is_a_drawing():
    assert draw((), ()).boxes == {}


@pytest.mark.parametrize("count", [5, 30])
def test_no_box_and_no_label_lies_on_another(count):
    found = draw(*of_services(count))
    areas = [(box.x, box.y, box.width, box.height) for box in found.boxes.values()]
    areas += [(route.label_x - 39, route.label_y - 16, 78, 32) for route in found.routes.values()]
    for one, other in combinations(areas, 2):
        apart = (
            one[0] + one[2] <= other[0] + 0.2
            or other[0] + other[2] <= one[0] + 0.2
            or one[1] + one[3] <= other[1] + 0.2
            or other[1] + other[3] <= one[1] + 0.2
        )
        assert apart, (one, other)
    for x, y, width, height in areas:
        assert x >= 0 <= y
        assert x + width <= found.width
        assert y + height <= found.height


def ends(path):
    """The first and the last x of an SVG path of ours."""
    steps = re.findall(r"([MHC])([-\d. ]+)", path)
    numbers = [(command, list(map(float, text.split()))) for command, text in steps]
    command, last = numbers[-1]
    return numbers[0][1][0], last[0] if command == "H" else last[-2]


def test_links_begin_and_end_at_their_boxes():
    found = draw(*of_services(12))
    assert found.routes
    for (source, target), route in found.routes.items():
        for x, name in zip(ends(route.path), (source, target), strict=True):
            box = found.boxes[name]
            assert min(abs(x - box.x), abs(x - box.x - box.width)) < 0.1


def test_the_same_graph_has_the_same_drawing():
    graph = of_services(30)
    drawn = draw(*graph)
    draw.cache_clear()
    assert draw(*graph) == drawn


def test_sweeps_take_crossings_away():
    columns = [["a", "b", "c", "d"], ["w", "x", "y", "z"]]
    after = {"a": ["z"], "b": ["y"], "c": ["x"], "d": ["w"]}
    before = {target: [source] for source, targets in after.items() for target in targets}
    empty = {name: [] for name in "wxyz"}
    assert crossings(columns, after | empty) == 6
    best = order(columns, before | {name: [] for name in "abcd"}, after | empty)
    assert crossings(best, after | empty) == 0
