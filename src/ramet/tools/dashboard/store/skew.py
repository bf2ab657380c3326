"""Clocks of different machines: moving spans to where they can have happened.

Only what is impossible is corrected: a span that starts before its parent, and an answer that was
given after it was received. As Jaeger's adjuster does, the call is then put into the middle of its
caller's time. A span that outlives its parent is left alone: a caller gives up at its deadline.
"""

from __future__ import annotations

from ramet.tools.dashboard.store.kinds import CLIENT, SERVER
from ramet.tools.dashboard.store.tree import Branch, Tree

__all__ = ["correct"]

TOLERANCE = 1_000_000
"""Nanoseconds by which times of one machine may contradict each other."""


def correct(tree: Tree) -> None:
    """Set `shift` and `start` of every branch whose clock is not its parent's."""
    for branch in tree.branches:  # parents come first
        parent = branch.parent
        if parent is None:
            continue
        branch.shift = parent.shift if branch.process == parent.process else _shift(branch, parent)
        branch.start += branch.shift


def _shift(branch: Branch, parent: Branch) -> int:
    before = parent.start - branch.start > TOLERANCE
    answered = branch.kind == SERVER and parent.kind == CLIENT and not parent.failed
    after = answered and branch.start - parent.end > TOLERANCE
    if not before and not after:
        return 0
    spare = max(0, parent.duration - branch.duration) if answered else 0
    return parent.start + spare // 2 - branch.start
