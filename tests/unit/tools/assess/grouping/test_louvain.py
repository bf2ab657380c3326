"""One run of Louvain: what it finds, that it repeats, and what pins forbid."""

from __future__ import annotations

import networkx
import pytest

from ramet.tools.assess.grouping.evidence import weigh
from ramet.tools.assess.grouping.graph import NamedGraph
from ramet.tools.assess.grouping.louvain import louvain, modularity, settle
from tests.unit.tools.assess.grouping.graphs import circles, noisy


def found(graph: NamedGraph, labels: list[int]) -> list[set[str]]:
    groups: dict[int, set[str]] = {}
    for names, label in zip(graph.members, labels, strict=True):
        groups.setdefault(label, set()).update(names)
    return sorted(groups.values(), key=min)


def test_circles_of_friends_are_found_whatever_the_seed() -> None:
    graph = weigh(circles(5, 4, 6, bridges=[("a0", "b0"), ("b1", "c1")]))

    for seed in range(20):
        groups = found(graph, louvain(graph, str(seed)))

        assert [len(group) for group in groups] == [5, 4, 6]


def test_the_same_seed_gives_the_same_communities() -> None:
    graph = weigh(noisy(120, seed=1))

    assert louvain(graph, "7") == louvain(graph, "7")
    assert len({tuple(louvain(graph, str(seed))) for seed in range(5)}) > 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_reaches_the_modularity_that_networkx_reaches(seed: int) -> None:
    graph = weigh(noisy(200, seed=seed))
    theirs = networkx.Graph()
    theirs.add_nodes_from(range(200))
    theirs.add_weighted_edges_from(
        (node, other, weight)
        for node, ties in enumerate(graph.neighbours)
        for other, weight in ties.items()
    )

    best = max(modularity(graph, louvain(graph, str(run))) for run in range(10))

    communities = [networkx.community.louvain_communities(theirs, seed=run) for run in range(10)]
    assert best == pytest.approx(
        max(networkx.community.modularity(theirs, each) for each in communities), abs=0.01
    )
    labels = [0] * 200
    for number, community in enumerate(communities[0]):
        for node in community:
            labels[node] = number
    assert modularity(graph, labels) == pytest.approx(
        networkx.community.modularity(theirs, communities[0])
    )


def test_nodes_of_two_pins_stay_apart_and_of_one_pin_together() -> None:
    graph = weigh(circles(6, 6)).pinned([["a0", "b0"], ["a1"]], [])

    groups = found(graph, louvain(graph, "0"))

    assert [group for group in groups if {"a0", "b0"} <= group]
    assert not [group for group in groups if {"a0", "a1"} <= group]


def test_contracting_keeps_the_modularity() -> None:
    graph = weigh(noisy(60, seed=4))
    labels = louvain(graph, "0")

    small = graph.contract(labels)

    assert modularity(small, list(range(len(small)))) == pytest.approx(modularity(graph, labels))


def test_settling_moves_only_what_it_may() -> None:
    graph = weigh(circles(4, 4))
    wrong = [0, 0, 0, 1, 1, 1, 1, 0]  # a3 and b3 are swapped

    assert settle(graph, wrong, [3]) == [0, 0, 0, 0, 1, 1, 1, 0]


def test_settling_fills_no_community_beyond_its_most_members() -> None:
    graph = weigh(circles(4, 4))
    wrong = [0, 0, 0, 1, 1, 1, 1, 0]

    assert settle(graph, wrong, [3], most=4) == wrong
    assert settle(graph, wrong, [3], most=5)[3] == 0


def test_a_graph_without_ties_has_only_single_nodes() -> None:
    graph = NamedGraph.build(["a", "b"], {})

    assert louvain(graph, "0") == [0, 1]
    assert modularity(graph, [0, 1]) == 0
