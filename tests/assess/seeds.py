"""`python -m tests.assess.seeds [PROJECT ...]`: whether groups of real projects depend on the seed.

Each project is grouped several times, each time from another seed. What is told is the smallest
share of pairs of models that two of those groupings treat alike: together in both, or in neither.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import combinations

from ramet.tools.assess.facts import Scan
from ramet.tools.assess.judgement.judging import judge
from ramet.tools.assess.scanning import scan
from tests.assess.truth.environments import source_of
from tests.assess.truth.projects import PROJECTS

USUAL = ("django-oscar", "weblate", "pretix", "netbox")
SEEDS = 5


def main(projects: tuple[str, ...]) -> int:
    unknown = [name for name in projects if name not in PROJECTS]
    if unknown:
        print(f"found {unknown}; expected of: {', '.join(PROJECTS)}", file=sys.stderr)
        return 2
    for name in projects:
        seen = scan(source_of(PROJECTS[name]))
        print(f"{name}: {least_agreement(seen):.1%} of the pairs alike over {SEEDS} seeds")
    return 0


def least_agreement(seen: Scan, seeds: int = SEEDS) -> float:
    """0 to 1, of the two groupings that differ most."""
    partitions = [_partition(seen, seed) for seed in range(seeds)]
    return min(alike(one, other) for one, other in combinations(partitions, 2))


def alike(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The share of pairs of models that both groupings treat alike (the Rand index)."""
    pairs = list(combinations(sorted(one), 2))
    same = sum((one[a] == one[b]) == (other[a] == other[b]) for a, b in pairs)
    return same / len(pairs) if pairs else 1.0


def _partition(seen: Scan, seed: int) -> dict[str, int]:
    groups = judge(seen, seed=seed).grouping.groups
    return {model: number for number, group in enumerate(groups) for model in group.models}


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or USUAL))
