"""What could not be followed, summed: one gap of each kind, with the first place of it."""

from __future__ import annotations

from collections.abc import Mapping

from ramet.tools.assess.facts import Gap, GapKind
from ramet.tools.assess.linking.behaviour.parts import Part
from ramet.tools.assess.linking.behaviour.places import Places

__all__ = ["summed"]

_REGISTRY = "Give the project's own registry with --registry."
_TRACE = "Record a run of its tests with --trace."

# Why, and what to do.
_KINDS: dict[GapKind, tuple[str, str]] = {
    "query-of-unknown-model": (
        "The model of these queries is decided when the project runs.",
        _TRACE,
    ),
    "sql-not-constant": ("The statement is put together when the project runs.", _TRACE),
    "sql-table-not-constant": ("The table is put into the statement at run time.", _TRACE),
    "signal-receiver-unknown": ("What is connected is decided at run time.", _REGISTRY),
    "signal-sender-unknown": ("The sender is decided at run time.", _REGISTRY),
    "signal-unknown": ("The signal is not one that source tells of.", _REGISTRY),
    "get-model-not-constant": ("The model's name is decided at run time.", _TRACE),
    "import-string-not-constant": ("The path is decided at run time.", _TRACE),
}


def summed(parts: Mapping[str, Part], places: Places) -> list[Gap]:
    """One gap for each kind that there is."""
    first: dict[GapKind, tuple[str, int, str]] = {}
    counts: dict[GapKind, int] = {}
    for module, one in parts.items():
        for gap in one.gaps:
            first.setdefault(gap.kind, (places.path_of(module), gap.line, gap.found))
            counts[gap.kind] = counts.get(gap.kind, 0) + 1
    gaps = []
    for kind, (file, line, text) in sorted(first.items()):
        why, remedy = _KINDS[kind]
        times = "once" if counts[kind] == 1 else f"{counts[kind]} times, first"
        gaps.append(
            Gap(kind=kind, file=file, line=line, found=f"{times}: {text}", why=why, remedy=remedy)
        )
    return gaps
