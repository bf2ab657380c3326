"""Edges as short tuples, to compare them."""

from __future__ import annotations

from ramet.tools.assess.facts import Scan

__all__ = ["ends", "fields"]


def ends(scan: Scan, kind: str, file: str | None = None) -> set[tuple[str, str]]:
    """Source and target of the edges of a kind, in one file or in all."""
    return {
        (edge.source, edge.target)
        for edge in scan.edges
        if edge.kind == kind and (file is None or edge.file == file)
    }


def fields(scan: Scan, kind: str) -> set[tuple[str, str, str, int]]:
    """Source, target, field and line of the edges of a kind."""
    return {
        (edge.source, edge.target, edge.field, edge.line)
        for edge in scan.edges
        if edge.kind == kind
    }
