"""The report as the page carries it: columns of numbers into one list of texts, deflated.

A project of 100,000 lines has tens of thousands of edges, and most of what they say is said often:
as plain objects they would be five times as large.
"""

from __future__ import annotations

import binascii
import zlib
from collections import Counter
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import msgspec

from ramet.tools.assess.facts import Edge
from ramet.tools.assess.findings import Report
from ramet.tools.assess.report.kinds import FAMILIES, FAMILY_OF, WORDS
from ramet.tools.assess.report.layout import Layout, laid_out

__all__ = ["embedded"]

_LARGEST = 4_500_000
"""Bytes of what is embedded: the page promises to stay under 5 MB."""

_LEVEL = 2
"""Of deflating. The usual 6 takes nearly three times as long, for a fifth less."""

_KNOWN = ("static", "registry", "both")


def embedded(report: Report) -> str:
    """Base64 of deflated JSON, which the page's script reads back (`unpacking.js`).

    Where it would be too large, excerpts are left out, then edges between modules, then all edges
    that are no cut; `leftOut` says so on the page.
    """
    text = ""
    for left_out in ("", "excerpts", "edges between modules", "edges inside candidates"):
        text = _deflated(_columns(report, left_out))
        if len(text) <= _LARGEST:
            break
    return text


def _deflated(content: dict[str, Any]) -> str:
    return binascii.b2a_base64(
        zlib.compress(msgspec.json.encode(content), _LEVEL), newline=False
    ).decode()


def _columns(report: Report, left_out: str) -> dict[str, Any]:
    texts = _Texts()
    edges = _Edges(report, left_out)
    cuts = report.cuts
    pick = texts.numbers
    has_excerpts = not left_out
    columns: dict[str, Any] = {
        "families": FAMILIES,
        "words": WORDS,
        "known": _KNOWN,
        "leftOut": left_out,
        "project": _clean(report.project.name),
        "apps": _apps(report, texts),
        "connections": edges.connections,
        "edges": _rows(edges.all, ("kind", "source", "target", "field", "file"), texts)
        | {
            "line": [edge.line for edge in edges.all],
            "known": [_KNOWN.index(edge.known) for edge in edges.all],
            "through": pick(edge.through or "" for edge in edges.all),
            "note": pick(edge.note for edge in edges.all),
        },
        "cuts": {
            "edge": edges.of_cuts,
            "from": pick(cut.source_group for cut in cuts),
            "to": pick(cut.target_group for cut in cuts),
            "further": [pick(cut.further_groups) for cut in cuts],
            "how": pick(cut.how for cut in cuts),
            "why": pick(cut.why for cut in cuts),
            "effort": [round(cut.effort, 2) for cut in cuts],
            "excerpt": pick(cut.excerpt if has_excerpts else "" for cut in cuts),
        },
        "functions": _functions(report, texts),
        "blockers": _rows(report.blockers, ("kind", "file", "what", "remedy"), texts)
        | {
            "line": [each.line for each in report.blockers],
            "effort": [round(each.effort, 2) for each in report.blockers],
            "groups": [pick(each.groups) for each in report.blockers],
        },
        "gaps": _rows(report.gaps, ("kind", "file", "found", "why", "remedy"), texts)
        | {"line": [each.line for each in report.gaps]},
    }
    columns |= _map(report, texts)
    return {"texts": texts.all, **columns}


def _map(report: Report, texts: _Texts) -> dict[str, Any]:
    """Models and the circles that they stand in: candidates, then the platform, then the rest."""
    circles = [(group.name, group.models) for group in report.groups]
    # A hub of the project's own stands with the group that keeps its table.
    hubs = {hub.model for hub in report.platform}
    platform = [hub.model for hub in report.platform if not hub.group]
    taken = {model for _, models in circles for model in models} | set(platform)
    rest = [model for model in report.models if model.label not in taken]
    circles += [
        (name, labels)
        for name, labels in (
            ("platform", platform),
            ("in no candidate", [model.label for model in rest if model.is_own]),
            ("installed packages", [model.label for model in rest if not model.is_own]),
        )
        if labels
    ]
    layout = laid_out([models for _, models in circles], _connections(report.edges))
    in_circle = {model: n for n, (_, models) in enumerate(circles) for model in models}
    models = [model for model in report.models if model.label in in_circle]
    return {
        "circles": _circles(circles, layout, len(report.groups)),
        "models": _rows(models, ("label", "app", "file"), texts)
        | {
            "line": [each.line for each in models],
            "own": [int(each.is_own) for each in models],
            "proxy": [int(each.is_proxy) for each in models],
            "hub": [int(each.label in hubs) for each in models],
            "table": texts.numbers(each.table or "" for each in models),
            "known": [_KNOWN.index(each.known) for each in models],
            "circle": [in_circle[each.label] for each in models],
            "x": [layout.places[each.label][0] for each in models],
            "y": [layout.places[each.label][1] for each in models],
        },
    }


def _circles(
    circles: list[tuple[str, list[str]]], layout: Layout, candidates: int
) -> list[dict[str, Any]]:
    return [
        {
            "name": _clean(name),
            "x": circle.x,
            "y": circle.y,
            "r": round(circle.radius, 1),
            "kind": "candidate" if number < candidates else "other",
            "models": len(models),
        }
        for number, ((name, models), circle) in enumerate(zip(circles, layout.circles, strict=True))
    ]


def _connections(edges: Iterable[Edge]) -> Counter[tuple[str, str]]:
    """Pairs of labels, in alphabetical order, and how often they are connected."""
    return Counter(
        (edge.source, edge.target) if edge.source < edge.target else (edge.target, edge.source)
        for edge in edges
        if FAMILY_OF[edge.kind] not in ("imports", "evidence")
    )


def _apps(report: Report, texts: _Texts) -> dict[str, Any]:
    roles = {role.app: role.role for role in report.roles if role.role != "home"}
    return _rows(report.apps, ("label", "package", "file"), texts) | {
        "lines": [app.lines for app in report.apps],
        "own": [int(app.is_own) for app in report.apps],
        "role": texts.numbers(roles.get(app.label, "") for app in report.apps),
    }


def _functions(report: Report, texts: _Texts) -> dict[str, Any]:
    """Those that belong to a model: the others are for the grouping only."""
    placed = [each for each in report.functions if each.belongs_to]
    return _rows(placed, ("name", "kind", "file"), texts) | {
        "line": [each.line for each in placed],
        "model": texts.numbers(each.belongs_to or "" for each in placed),
    }


def _rows(rows: Iterable[Any], names: tuple[str, ...], texts: _Texts) -> dict[str, list[int]]:
    rows = list(rows)
    return {name: texts.numbers(map(attrgetter(name), rows)) for name in names}


class _Edges:
    """The report's connections, and after them what cuts alone say: of a whole transaction, or of
    a function that uses a model by its class. `of_cuts` is where each cut's edge is among `all`."""

    def __init__(self, report: Report, left_out: str) -> None:
        kept = report.edges
        if left_out:
            cut_off = {cut.edge for cut in report.cuts}
            kept = [edge for edge in kept if _is_kept(edge, left_out) or edge in cut_off]
        # To find an edge takes longer than all else that is done with it, so it is done once.
        number: dict[Edge, int] = {}
        for edge in kept:
            number.setdefault(edge, len(number))
        self.connections = len(number)
        self.of_cuts = [number.setdefault(cut.edge, len(number)) for cut in report.cuts]
        self.all = list(number)


def _is_kept(edge: Edge, left_out: str) -> bool:
    if left_out == "edges between modules":
        return FAMILY_OF[edge.kind] != "imports"
    return left_out != "edges inside candidates"


class _Texts:
    """Each text once; `numbers` gives the places where texts are."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._places = _Places(self.all)

    def numbers(self, texts: Iterable[str]) -> list[int]:
        return list(map(self._places.__getitem__, texts))


class _Places(dict[str, int]):
    """The place of each text in a list; one that is not in it comes to its end."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def __missing__(self, text: str) -> int:
        self[text] = place = len(self._texts)
        self._texts.append(_clean(text))
        return place


def _clean(text: str) -> str:
    """Without lone surrogates, which file names have and UTF-8 has not."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
