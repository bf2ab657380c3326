"""The five figures, against all that was published for two programs and against small cases."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import log

import pytest

from ramet.tools.assess.judgement import metrics
from tests.assess.published import program

PARTITIONS = [
    (name, clusters)
    for name in ("acmeair", "daytrader")
    for clusters in sorted(program(name).partitions, key=int)
]

CALLS = {("a", "b"): 1, ("b", "a"): 5, ("b", "c"): 1, ("c", "d"): 1, ("a", "a"): 9}
TWO = {"a": "left", "b": "left", "c": "right", "d": "right"}


@pytest.mark.parametrize(("name", "clusters"), PARTITIONS)
@pytest.mark.parametrize("measure", ["bcp", "icp", "ifn", "ned"])
def test_a_published_partition_has_its_published_figure(
    name: str, clusters: str, measure: str
) -> None:
    given = program(name)

    found = metrics.measure(given.partitions[clusters], given.calls, given.contexts)

    expected = given.published[clusters][measure]
    assert getattr(found, measure) == pytest.approx(expected, abs=0.00051)


@pytest.mark.parametrize(("name", "clusters"), PARTITIONS)
def test_structural_modularity_is_the_published_one_but_for_calls_to_oneself(
    name: str, clusters: str
) -> None:
    given = program(name)
    partition = given.partitions[clusters]
    sizes = Counter(partition.values())

    found = metrics.structural_modularity(partition, given.calls)

    # What the published figure counts besides, see tests/assess/published/README.md.
    to_oneself = sum(
        1 / sizes[partition[each]] ** 2
        for each in partition
        if (each, each) in given.calls and each not in given.last_of_cluster[clusters]
    )
    assert found is not None
    assert found + to_oneself / len(sizes) == pytest.approx(
        given.published[clusters]["sm"], abs=0.00051
    )
    assert found <= given.published[clusters]["sm"]


def test_purity_is_the_entropy_of_the_contexts_that_a_group_serves() -> None:
    contexts = {"a": ["buy", "sell"], "b": ["buy", "login"], "c": ["buy"]}

    assert metrics.business_context_purity(TWO, contexts) == pytest.approx((log(3) + log(1)) / 2)


def test_calls_weigh_by_the_logarithm_of_their_volume() -> None:
    share = metrics.inter_call_percentage(TWO, CALLS)

    assert share == pytest.approx(1 / (1 + (1 + log(5)) + 1 + 1))


def test_modularity_takes_coupling_from_cohesion() -> None:
    assert metrics.structural_modularity(TWO, CALLS) == pytest.approx(1 / 4 - 1 / 4)
    assert metrics.structural_modularity(dict.fromkeys("abcd", "all"), CALLS) == 3 / 16


def test_modularity_is_the_same_to_the_last_digit_whatever_order_sets_have() -> None:
    """Which is another for other names, and in each process."""
    sizes = (1, 3, 5, 7, 11, 13)
    found = set()
    for names in range(20):
        groups = [[f"{names}{group}-{n}" for n in range(size)] for group, size in enumerate(sizes)]
        partition = {each: str(len(group)) for group in groups for each in group}
        calls = {(one[0], other[0]): 1 for one, other in combinations(groups, 2)}
        found.add(metrics.structural_modularity(partition, calls))

    assert len(found) == 1


def test_an_interface_is_a_pair_across_whatever_its_direction() -> None:
    both_ways = {**CALLS, ("c", "b"): 2}

    assert metrics.interface_number(TWO, both_ways) == 0.5


@pytest.mark.parametrize(("size", "share"), [(4, 1), (5, 0), (20, 0), (21, 1)])
def test_a_group_of_five_to_twenty_is_not_extreme(size: int, share: float) -> None:
    partition = {str(each): "one" for each in range(size)}

    assert metrics.non_extreme_distribution(partition) == share


def test_what_is_not_defined_is_none() -> None:
    nothing = metrics.measure({}, {}, {})

    assert nothing == metrics.Metrics(bcp=None, icp=None, sm=None, ifn=None, ned=None)
    assert metrics.business_context_purity(TWO, {}) is None
    assert metrics.inter_call_percentage(TWO, {("a", "a"): 1}) is None


def test_callers_outside_the_partition_do_not_count() -> None:
    with_root = {**CALLS, ("root", "a"): 100, ("d", "root"): 100}

    assert metrics.measure(TWO, with_root, {}) == metrics.measure(TWO, CALLS, {})
