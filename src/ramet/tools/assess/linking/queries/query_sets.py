"""Methods of query sets and managers: what they read, write and give, and where they take lookups.

After Django's QuerySet API reference. An `a` before a method's name is its asynchronous form.
"""

from __future__ import annotations

from collections.abc import Sequence

from ramet.tools.assess.linking.queries.relations import Relations
from ramet.tools.assess.linking.queries.site import Keyword, Site
from ramet.tools.assess.linking.queries.values import (
    Listing,
    Mapping,
    ModelInstance,
    Named,
    Query,
    Records,
    Text,
    Value,
)

__all__ = ["API", "QuerySets", "mapped", "method_of", "named_in"]

_CONDITIONS = frozenset(("filter", "exclude", "get", "get_or_create", "update_or_create"))
_PATHS = frozenset(
    (
        "order_by",
        "values",
        "values_list",
        "only",
        "defer",
        "distinct",
        "select_related",
        "earliest",
        "latest",
        "dates",
        "datetimes",
    )
)
_SAME = frozenset(
    (
        "alias",
        "all",
        "annotate",
        "complex_filter",
        "dates",
        "datetimes",
        "defer",
        "difference",
        "distinct",
        "exclude",
        "extra",
        "filter",
        "get_queryset",
        "intersection",
        "iterator",
        "none",
        "only",
        "order_by",
        "prefetch_related",
        "reverse",
        "select_for_update",
        "select_related",
        "union",
        "using",
        "raw",
        "db_manager",
    )
)
_ROW = frozenset(("get", "first", "last", "earliest", "latest", "create"))
_PAIR = frozenset(("get_or_create", "update_or_create"))
_PLAIN = frozenset(("values", "values_list"))
_WRITES = frozenset(
    (
        "create",
        "bulk_create",
        "get_or_create",
        "update_or_create",
        "update",
        "delete",
        "bulk_update",
    )
)
_LINKS = frozenset(("add", "remove", "set", "clear"))
_OTHER = frozenset(
    ("aggregate", "contains", "count", "exists", "explain", "in_bulk", "as_manager", "model")
)
API = _CONDITIONS | _PATHS | _SAME | _ROW | _PLAIN | _WRITES | _OTHER


# Which of those that write send signals, and which.
_HOW = {
    "create": "save",
    "get_or_create": "save",
    "update_or_create": "save",
    "delete": "delete",
}


def method_of(name: str) -> str:
    """The name of the method without the `a` of its asynchronous form."""
    return name[1:] if name.startswith("a") and name[1:] in API | _LINKS else name


def _text(value: Value) -> Text | None:
    return value if isinstance(value, Text) and "\0" not in value.text else None


class QuerySets:
    """Calls of query sets, over the relations of a project."""

    def __init__(self, relations: Relations) -> None:
        self._relations = relations

    def follow(self, site: Site, label: str, named: Named, line: int) -> None:
        """Write down the joins that a path makes on the model `label`, in a call at `line`."""
        if named.how == "prefetch":
            hops = self._relations.accessors(label, named.path)
        elif named.how == "load":
            hops = self._relations.path(label, named.path)
        else:
            hops = self._relations.joins(label, named.path)
        for hop in hops:
            site.edge("lookup", hop.source, hop.target, named.path, named.line or line)
            site.read(hop.target, line)

    def call(
        self,
        site: Site,
        records: Records,
        method: str,
        arguments: Sequence[Value],
        keywords: Sequence[Keyword],
        line: int,
    ) -> Value:
        """What `records.method(…)` gives. `method` is one of `API` or of a relation's manager."""
        name = method_of(method)
        label = records.label
        if name in _LINKS:
            site.write(records.writes or label, line, "link")
            return None
        outer = list(records.outer)
        names = self._named(name, arguments, keywords, line)
        for named in names:
            if named.how == "outer":
                outer.append(named)
            else:
                self.follow(site, label, named, line)
        if name in _WRITES:
            site.write(label, line, _HOW.get(name, "bulk"))
            if name == "create" and records.writes and records.writes != label:
                site.write(records.writes, line, "link")
        else:
            site.read(label, line)
        if name in _SAME:
            same = tuple(dict.fromkeys(outer))
            return Records(label, records.writes, records.is_plain, same)
        if name in _PLAIN:
            return Records(label, records.writes, False, tuple(outer))
        if name in _ROW:
            return ModelInstance(label) if records.is_plain else None
        if name in _PAIR:
            return Listing((ModelInstance(label), None))
        if name == "bulk_create":
            return Listing((ModelInstance(label),))
        return None

    def _named(
        self, name: str, arguments: Sequence[Value], keywords: Sequence[Keyword], line: int
    ) -> list[Named]:
        names: list[Named] = []
        for argument in arguments:
            if (text := _text(argument)) is not None:
                if name in _PATHS:
                    how = "load" if name == "select_related" else "lookup"
                    names.append(Named(how, text.text.lstrip("-+"), text.line))
                elif name == "prefetch_related":
                    names.append(Named("prefetch", text.text, text.line))
            else:
                names += named_in(argument)
        takes_conditions = name in _CONDITIONS
        for key, value, key_line in keywords:
            if key is None:
                if takes_conditions and isinstance(value, Mapping):
                    names += mapped(value)
                continue
            if takes_conditions and key not in ("defaults", "create_defaults"):
                names.append(Named("lookup", key, key_line))
            names += named_in(value)
        return names


def mapped(value: Mapping) -> list[Named]:
    """The paths that the keys of a dictionary are, where it is given as `**conditions`."""
    names = []
    for key, item in value.pairs:
        if (text := _text(key)) is not None:
            names.append(Named("lookup", text.text, text.line))
        names += named_in(item)
    return names


def named_in(value: Value) -> list[Named]:
    """The paths that an argument brings along: those of Q, F and the like, and outer ones."""
    if isinstance(value, Query):
        return list(value.names)
    if isinstance(value, Records):
        return [Named("lookup", named.path, named.line) for named in value.outer]
    if isinstance(value, Listing):
        return [named for item in value.items for named in named_in(item)]
    return []
