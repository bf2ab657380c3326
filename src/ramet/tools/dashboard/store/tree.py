"""The tree of a trace's spans, whatever is missing or wrong in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ramet.tools.dashboard.store.answers import Segment
from ramet.tools.dashboard.store.kinds import CONSUMER, PRODUCER

__all__ = ["Branch", "Tree", "grow"]


@dataclass(slots=True, eq=False)
class Branch:
    """A span in its tree: what is needed to place it, and what was found out."""

    span_id: str
    parent_id: str | None
    kind: int
    failed: bool
    start: int
    duration: int
    process: int
    """Equal for spans of one process, which have one clock."""
    linked: frozenset[str]
    """Ids of spans that it has links to."""
    parent: Branch | None = None
    children: list[Branch] = field(default_factory=list)
    depth: int = 0
    shift: int = 0
    critical: list[Segment] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Nanoseconds since the epoch."""
        return self.start + self.duration

    @property
    def is_asynchronous(self) -> bool:
        """Whether the parent does not wait for it.

        What was stored in between is linked to the span that stored it, as OpenTelemetry's
        messaging conventions ask; other programs show it by the kinds of the spans, or by times.
        """
        parent = self.parent
        if parent is None:
            return False
        return (
            self.kind == CONSUMER
            or parent.kind == PRODUCER
            or parent.span_id in self.linked
            or self.start >= parent.end > parent.start
        )


@dataclass(frozen=True, slots=True)
class Tree:
    """Branches in the order of a waterfall: each before its children, siblings by their start."""

    branches: tuple[Branch, ...]
    missing: int
    """Branches that name a parent which is not here."""
    cycles: int
    """Branches that were cut from a parent that descends from them."""


def grow(branches: Sequence[Branch]) -> Tree:
    """Give every branch its parent and depth. No span is left out, and none stands twice."""
    known = {branch.span_id: branch for branch in branches}
    children: dict[str, list[Branch]] = defaultdict(list)
    roots: list[Branch] = []
    missing = 0
    for branch in sorted(branches, key=lambda each: each.start):
        if branch.parent_id in known:
            children[branch.parent_id].append(branch)
        else:
            missing += branch.parent_id is not None
            roots.append(branch)
    ordered: list[Branch] = []
    seen: set[str] = set()
    for root in roots:
        ordered.extend(_descend(root, children, seen))
    # What no root leads to goes round in a circle, which is cut where it began.
    cycles = 0
    for branch in sorted(branches, key=lambda each: each.start):
        if branch.span_id not in seen:
            cycles += 1
            ordered.extend(_descend(branch, children, seen))
    return Tree(tuple(ordered), missing, cycles)


def _descend(root: Branch, children: dict[str, list[Branch]], seen: set[str]) -> Iterator[Branch]:
    """Depth first and without recursion: a chain may be as long as a trace."""
    stack = [root]
    seen.add(root.span_id)
    while stack:
        branch = stack.pop()
        yield branch
        branch.children = [child for child in children[branch.span_id] if child.span_id not in seen]
        for child in branch.children:
            seen.add(child.span_id)
            child.parent, child.depth = branch, branch.depth + 1
        stack.extend(reversed(branch.children))
