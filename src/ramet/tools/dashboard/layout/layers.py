"""Which layer each node of a graph is in: every link leads to a later one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

__all__ = ["layers"]


def layers(
    nodes: Sequence[str],
    links: Collection[tuple[str, str]],
    first: Collection[str],
    last: Collection[str],
) -> dict[str, int]:
    """The layer of each node, from 0, by the longest path that leads to it.

    `first` nodes are in layer 0, `last` ones in a layer after all others, whichever way their links
    go. Of a cycle, the link that closes it when one walks in the order of `nodes` goes backwards.
    """
    middle = [node for node in nodes if node not in last]
    following: dict[str, list[str]] = {node: [] for node in middle}
    for source, target in sorted(links, key=lambda link: nodes.index(link[1])):
        if source in following and target in following and target not in first:
            following[source].append(target)
    begin = [node for node in middle if node in first]
    order = _topological([*begin, *middle], following)
    found = dict.fromkeys(middle, 0)
    position = {node: place for place, node in enumerate(order)}
    for node in order:
        for target in following[node]:
            if position[target] > position[node]:
                found[target] = max(found[target], found[node] + 1)
    _pull_to_the_right(order, following, position, found, first)
    end = max(found.values(), default=-1) + 1
    return found | dict.fromkeys((node for node in nodes if node in last), end)


def _topological(roots: Sequence[str], following: Mapping[str, Sequence[str]]) -> list[str]:
    """Nodes so that, but for links that close a cycle, each comes before those that follow it."""
    finished: list[str] = []
    seen: set[str] = set()
    for root in roots:
        # By hand and not by recursion: a chain may be longer than Python's stack.
        stack = [(root, iter(following[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            node, rest = stack[-1]
            target = next((each for each in rest if each not in seen), None)
            if target is None:
                finished.append(node)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(following[target])))
    return finished[::-1]


def _pull_to_the_right(
    order: Sequence[str],
    following: Mapping[str, Sequence[str]],
    position: Mapping[str, int],
    found: dict[str, int],
    first: Collection[str],
) -> None:
    """Shorten links: who has nobody before it stands next to whom it leads to."""
    entered = {
        target for node in order for target in following[node] if position[target] > position[node]
    }
    for node in reversed(order):
        later = [found[each] for each in following[node] if position[each] > position[node]]
        if node not in entered and node not in first and later:
            found[node] = min(later) - 1
