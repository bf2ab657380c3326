"""The critical path: the stretches of time that made a span as long as it was.

From the end of the span backwards: its last finishing child is what it waited for, before that
child's start the last one that finished until then, and so on; what is between them is its own.
The same within each of these children. From Zhang et al., "CRISP: Critical Path Analysis of
Large-Scale Microservice Architectures" (USENIX ATC 2022), section 3. As there, what the parent does
not wait for is no part of it, and a child that outlives its parent counts until the parent's end.
"""

from __future__ import annotations

from ramet.tools.dashboard.store.answers import Segment
from ramet.tools.dashboard.store.tree import Branch, Tree

__all__ = ["critical_path", "mark"]


def mark(tree: Tree) -> None:
    """Set `critical` of every branch: each root's path, and each asynchronous part's own."""
    paths = [
        segment
        for branch in tree.branches
        if branch.parent is None or branch.is_asynchronous
        for segment in critical_path(branch)
    ]
    known = {branch.span_id: branch for branch in tree.branches}
    for segment in paths:
        known[segment.span_id].critical.append(segment)


def critical_path(root: Branch) -> list[Segment]:
    """The path of one span through those of its descendants that it waited for, in time order."""
    found: list[Segment] = []
    stack = [(root, root.end)]
    while stack:
        branch, moment = stack.pop()
        awaited = [child for child in branch.children if not child.is_asynchronous]
        for child in sorted(awaited, key=lambda each: each.end, reverse=True):
            end = min(child.end, branch.end)
            if end > moment or end <= child.start or child.start < branch.start:
                continue
            if end < moment:
                found.append(Segment(branch.span_id, end, moment))
            stack.append((child, end))
            moment = child.start
        if branch.start < moment:
            found.append(Segment(branch.span_id, branch.start, moment))
    return sorted(found, key=lambda segment: segment.start)
