"""Calls of django.db.models' expressions (Q, F, Count…) -> the paths that they name."""

from __future__ import annotations

from collections.abc import Sequence

from ramet.tools.assess.linking.queries.query_sets import mapped, named_in
from ramet.tools.assess.linking.queries.site import Keyword
from ramet.tools.assess.linking.queries.values import Mapping, Named, Query, Text, Value

__all__ = ["is_expression", "query"]

_EXPRESSIONS = frozenset(
    (
        "Avg",
        "Case",
        "Count",
        "Exists",
        "ExpressionWrapper",
        "F",
        "FilteredRelation",
        "Func",
        "Max",
        "Min",
        "OrderBy",
        "OuterRef",
        "Prefetch",
        "Q",
        "StdDev",
        "StringAgg",
        "Subquery",
        "Sum",
        "Variance",
        "When",
        "Window",
        "AnyValue",
    )
)
_MODULES = ("django.db.models.functions.", "django.contrib.postgres.aggregates.")
_CONDITIONS = frozenset(("Q", "When"))
_NO_PATHS = frozenset(("Value", "RawSQL", "Now", "Func"))


def is_expression(dotted: str) -> bool:
    """Whether a call of what was imported under this name makes a query expression."""
    if not dotted.startswith("django."):
        return False
    if dotted.startswith(_MODULES):
        return True
    name = dotted.rpartition(".")[2]
    return name in _EXPRESSIONS and dotted.startswith("django.db.models.")


def query(dotted: str, arguments: Sequence[Value], keywords: Sequence[Keyword]) -> Query:
    """The expression with all paths in it, its arguments' too."""
    name = dotted.rpartition(".")[2]
    how = {"OuterRef": "outer", "Prefetch": "prefetch"}.get(name, "lookup")
    names: list[Named] = []
    for argument in arguments:
        if isinstance(argument, Text):
            if name not in _NO_PATHS and name not in _CONDITIONS and "\0" not in argument.text:
                names.append(Named(how, argument.text.lstrip("-+"), argument.line))
            if name in _CONDITIONS:
                continue
        else:
            names += named_in(argument)
            if name in _CONDITIONS:
                names += _pair(argument)
    for key, value, line in keywords:
        if name in _CONDITIONS:
            if key is None:
                names += mapped(value) if isinstance(value, Mapping) else []
            elif key not in ("then", "condition", "_negated", "_connector"):
                names.append(Named("lookup", key, line))
        if name != "Prefetch":
            names += named_in(value)
    return Query(tuple(names))


def _pair(value: Value) -> list[Named]:
    """`Q(("a__b", 1))`."""
    items = getattr(value, "items", None)
    if isinstance(items, tuple) and items and isinstance(items[0], Text):
        return [Named("lookup", items[0].text, items[0].line)]
    return []
