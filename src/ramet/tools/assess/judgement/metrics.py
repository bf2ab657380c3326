"""Five published figures for a partition, so that ours can be held against those of others.

Definitions: Kalia et al., "Mono2Micro", ESEC/FSE 2021, section 4, read as the figures in its
replication material were made. Lower is better, but for structural modularity. What the paper calls
a class is a model here, a business context is a view, task or command. Tests compare every figure
published for DayTrader and AcmeAir (tests/assess/published/).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import combinations
from math import fsum, log

from ramet.tools.assess.findings import Metrics

__all__ = [
    "Calls",
    "Contexts",
    "Partition",
    "business_context_purity",
    "inter_call_percentage",
    "interface_number",
    "measure",
    "non_extreme_distribution",
    "structural_modularity",
]

Calls = Mapping[tuple[str, str], float]
"""How often the first calls the second, at least once."""
Contexts = Mapping[str, Collection[str]]
"""In which business contexts each was seen."""
Partition = Mapping[str, str]
"""The group of each."""

USUAL_SIZE = range(5, 21)
"""A group of fewer, or of more, is extreme."""


def measure(partition: Partition, calls: Calls, contexts: Contexts) -> Metrics:
    """All five, each None where it is not defined: nothing to part, no calls, no contexts.

    Whoever is in no group, such as the root of the calls, does not count.
    """
    return Metrics(
        bcp=business_context_purity(partition, contexts),
        icp=inter_call_percentage(partition, calls),
        sm=structural_modularity(partition, calls),
        ifn=interface_number(partition, calls),
        ned=non_extreme_distribution(partition),
    )


def business_context_purity(partition: Partition, contexts: Contexts) -> float | None:
    """BCP: mean over the groups of the entropy of their contexts, each of which weighs the same.

    So it is the natural logarithm of how many contexts a group serves. One that serves none counts
    as one that serves a single unknown one.
    """
    if not partition or not any(contexts.get(each) for each in partition):
        return None
    served: dict[str, set[str]] = {group: set() for group in partition.values()}
    for each, group in partition.items():
        served[group].update(contexts.get(each, ()))
    return fsum(log(max(len(names), 1)) for names in served.values()) / len(served)


def inter_call_percentage(partition: Partition, calls: Calls) -> float | None:
    """ICP: share of the calls' weight that crosses groups, 0 to 1.

    The weight of a pair that calls `volume` times is 1 + ln volume. Calls to oneself do not count.
    """
    every, crossing = 0.0, 0.0
    for (caller, callee), volume in calls.items():
        if caller == callee or caller not in partition or callee not in partition:
            continue
        weight = 1 + log(volume)
        every += weight
        if partition[caller] != partition[callee]:
            crossing += weight
    return crossing / every if every else None


def structural_modularity(partition: Partition, calls: Calls) -> float | None:
    """SM: mean cohesion of the groups less mean coupling of the pairs of groups.

    Cohesion: pairs that call each other, in either direction, over the size squared. Coupling: such
    pairs across two groups over the product of their sizes. The published figures also count calls
    to oneself, but not those of the class that a group's file lists last; we count none, which does
    not depend on an order and is the lower figure.
    """
    if not partition:
        return None
    sizes = Counter(partition.values())
    inside, across = _linked_pairs(partition, calls)
    cohesion = fsum(inside[group] / size**2 for group, size in sizes.items()) / len(sizes)
    if len(sizes) == 1:
        return cohesion
    # They come in no order, so their sum must be exact to be the same in every run.
    between = fsum(pairs / (sizes[one] * sizes[other]) for (one, other), pairs in across.items())
    return cohesion - between / len(list(combinations(sizes, 2)))


def interface_number(partition: Partition, calls: Calls) -> float | None:
    """IFN: pairs that call each other across groups, for each group."""
    if not partition:
        return None
    _, across = _linked_pairs(partition, calls)
    return across.total() / len(set(partition.values()))


def non_extreme_distribution(partition: Partition) -> float | None:
    """NED: share of those who are in a group of fewer than 5 or of more than 20."""
    if not partition:
        return None
    sizes = Counter(partition.values())
    usual = sum(size for size in sizes.values() if size in USUAL_SIZE)
    return 1 - usual / len(partition)


def _linked_pairs(
    partition: Partition, calls: Calls
) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """How many pairs call each other within each group, and across each pair of groups."""
    inside: Counter[str] = Counter()
    across: Counter[tuple[str, str]] = Counter()
    pairs = {(min(pair), max(pair)) for pair in calls if pair[0] != pair[1]}
    for one, other in pairs:
        if one not in partition or other not in partition:
            continue
        first, second = sorted((partition[one], partition[other]))
        if first == second:
            inside[first] += 1
        else:
            across[first, second] += 1
    return inside, across
