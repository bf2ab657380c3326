"""URL patterns in source -> names with their views, and what includes what."""

from __future__ import annotations

from collections.abc import Sequence

from ramet.tools.assess.linking.queries.site import Keyword, Site
from ramet.tools.assess.linking.queries.values import (
    Bound,
    ClassRef,
    ExternalCall,
    FunctionRef,
    Listing,
    ModuleRef,
    Text,
    Value,
)

__all__ = ["pattern"]


def pattern(site: Site, arguments: Sequence[Value], keywords: Sequence[Keyword], line: int) -> None:
    """Write down what `path(route, view, name=…)` or `path(route, include(…))` says."""
    named = {key: value for key, value, _ in keywords if key is not None}
    view = arguments[1] if len(arguments) > 1 else named.get("view")
    if isinstance(view, ExternalCall) and view.dotted.endswith(".include"):
        _include(site, view, line)
        return
    name = arguments[3] if len(arguments) > 3 else named.get("name")
    if isinstance(name, Text):
        site.pattern(name.text, _view(view), line)


def _view(view: Value, deepest: int = 5) -> str:
    """The dotted name of a view, through decorators around it."""
    if isinstance(view, FunctionRef | ClassRef):
        return view.dotted
    if isinstance(view, Bound):
        return _view(view.owner) if isinstance(view.owner, ClassRef) else view.dotted or ""
    if isinstance(view, ExternalCall) and deepest:
        return next((found for each in view.arguments if (found := _view(each, deepest - 1))), "")
    return ""


def _include(site: Site, include: ExternalCall, line: int) -> None:
    target = include.arguments[0] if include.arguments else include.keyword("arg")
    given = include.keyword("namespace")
    if given is None and len(include.arguments) > 1:
        given = include.arguments[1]
    if isinstance(target, Listing) and len(target.items) == 2:
        target, name = target.items
        given = given if given is not None else name
    namespace = given.text if isinstance(given, Text) else ""
    if isinstance(target, ModuleRef):
        site.include(target.dotted, namespace, line)
    elif isinstance(target, Text):
        site.include(target.text, namespace, line)
