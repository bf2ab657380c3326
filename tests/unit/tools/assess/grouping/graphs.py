"""Evidence made up for tests: circles of friends, with strangers between them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ramet.tools.assess.grouping.evidence import Evidence, Link

__all__ = ["circles", "noisy"]


def circles(*sizes: int, bridges: Sequence[tuple[str, str]] = ()) -> Evidence:
    """Groups `a`, `b`, ... of nodes `a0`, `a1`, ... in which each points at every later one."""
    links: dict[Link, float] = {(one, other, "fk"): 1 for one, other in bridges}
    nodes: list[str] = []
    for letter, size in zip("abcdefghij", sizes, strict=False):
        names = [f"{letter}{number}" for number in range(size)]
        nodes += names
        links |= {
            (one, other, "fk"): 1 for place, one in enumerate(names) for other in names[place + 1 :]
        }
    return Evidence(nodes=nodes, links=links)


def noisy(models: int, *, seed: int, inside: float = 0.7) -> Evidence:
    """A system whose groups of 12 are blurred: only a share of the links stays `inside`."""
    chance = random.Random(seed)
    nodes = [f"m{number:04}" for number in range(models)]
    links: dict[Link, float] = {}
    for number, node in enumerate(nodes):
        for _ in range(2):
            near = number // 12 * 12 + chance.randrange(12)
            other = near if chance.random() < inside else chance.randrange(models)
            if other != number and other < models:
                links[node, nodes[other], "fk"] = 1
    return Evidence(nodes=nodes, links=links)
