"""Templates of one app that name those, the URLs, the tags and the permissions of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ramet.tools.assess.facts import Edge, EdgeKind
from ramet.tools.assess.linking.behaviour.permissions import permission_target
from ramet.tools.assess.linking.behaviour.places import Places
from ramet.tools.assess.linking.behaviour.routes import Routes
from ramet.tools.assess.linking.behaviour.templates import TemplateUse

__all__ = ["template_edges"]


def template_edges(
    named: Mapping[str, list[TemplateUse]],
    owners: Mapping[str, str],
    places: Places,
    routes: Routes,
    tags: Mapping[str, str],
) -> Iterator[Edge]:
    """Edges from the app in whose folder a template is, by what each has `named`.

    `owners` have the app of each template by the name that a loader knows, `tags` that of each tag
    library.
    """
    for path, uses in named.items():
        app = places.app_of_path(path)
        if app is None:
            continue
        for use in uses:
            kind, target = _target(use, owners, places, routes, tags)
            if target is not None:
                yield Edge(
                    kind=kind, source=app, target=target, field=use.name, file=path, line=use.line
                )


def _target(
    use: TemplateUse,
    owners: Mapping[str, str],
    places: Places,
    routes: Routes,
    tags: Mapping[str, str],
) -> tuple[EdgeKind, str | None]:
    if use.kind == "url":
        return "url", routes.app(use.name)
    if use.kind == "permission":
        return "permission", permission_target(use.name, places)
    if use.kind == "load":
        return "template", tags.get(use.name)
    if use.kind == "static":
        first = use.name.partition("/")[0]
        return "template", first if places.is_app(first) else None
    return "template", owners.get(use.name)
