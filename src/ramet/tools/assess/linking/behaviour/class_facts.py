"""What the body of a class declares: admin, forms, serializers, views, migrations."""

from __future__ import annotations

from ramet.tools.assess.facts import EdgeKind
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.linking.queries.evaluation import Evaluation
from ramet.tools.assess.linking.queries.knowledge import Knowledge
from ramet.tools.assess.linking.queries.running import Running
from ramet.tools.assess.linking.queries.site import Site
from ramet.tools.assess.linking.queries.values import (
    ClassRef,
    ExternalCall,
    InstanceOf,
    Listing,
    ModelClass,
    Records,
    Text,
    Value,
)

__all__ = ["ClassFacts"]

# Options of ModelAdmin and its like whose texts may be lookups.
_ADMIN_PATHS = (
    "autocomplete_fields",
    "date_hierarchy",
    "fields",
    "list_display",
    "list_filter",
    "list_select_related",
    "ordering",
    "raw_id_fields",
    "readonly_fields",
    "search_fields",
    "filter_horizontal",
    "filter_vertical",
)
_SEARCH_PREFIXES = "^=@"
# Of generic views and view sets: what they do with their model by themselves.
_WRITING_VIEWS = ("CreateView", "UpdateView", "DeleteView")
_WRITING = frozenset(
    (
        "CreateAPIView",
        "CreateModelMixin",
        "DestroyAPIView",
        "DestroyModelMixin",
        "ListCreateAPIView",
        "ModelViewSet",
        "RetrieveDestroyAPIView",
        "RetrieveUpdateAPIView",
        "RetrieveUpdateDestroyAPIView",
        "UpdateAPIView",
        "UpdateModelMixin",
    )
)


class ClassFacts:
    """Reads one class after its body has been run."""

    def __init__(self, knowledge: Knowledge, evaluation: Evaluation, module: Module) -> None:
        self._knowledge = knowledge
        self._relations = knowledge.relations
        self._frameworks = evaluation.frameworks
        self._module = module

    def finish(self, site: Site, dotted: str, running: Running) -> None:
        """Write down what the class declares. `running` has the names of its body."""
        role = self._frameworks.role(dotted)
        if role in ("admin", "inline"):
            self._admin(site, dotted, running)
        elif role == "form":
            self._form(site, dotted, running)
        elif role == "serializer":
            self._serializer(site, dotted, running)
        elif role == "view":
            self._view(site, dotted, running)
        elif role == "migration":
            self._migration(site, running)
        elif dotted.endswith(".Meta"):
            self._meta(site, dotted.rpartition(".")[0], running)

    def _admin(self, site: Site, dotted: str, running: Running) -> None:
        subject = self._frameworks.subject(dotted)
        if subject is None:
            return
        model = running.names.get("model")
        if isinstance(model, ModelClass):
            site.edge("admin", "", model.label, "model", running.lines["model"])
        inlines = running.names.get("inlines")
        for inline in inlines.items if isinstance(inlines, Listing) else ():
            if isinstance(inline, ClassRef):
                target = self._frameworks.subject(inline.dotted)
                if target is not None:
                    name = inline.dotted.rpartition(".")[2]
                    site.edge("admin", subject, target, name, running.lines["inlines"])
        for option in _ADMIN_PATHS:
            for text in _texts(running.names.get(option)):
                path = text.text.lstrip("-").lstrip(_SEARCH_PREFIXES)
                self._hops(site, "admin", subject, path, text.line or running.lines[option])

    def _hops(self, site: Site, kind: EdgeKind, label: str, path: str, line: int) -> None:
        for hop in self._relations.path(label, path):
            site.edge(kind, hop.source, hop.target, path, line)

    def _meta(self, site: Site, outer: str, running: Running) -> None:
        """`Meta` of a form, serializer or filter set: its model and the relations it lists."""
        role = self._frameworks.role(outer)
        if role not in ("form", "serializer", "filters"):
            return
        kind: EdgeKind = "serializer" if role == "serializer" else "form"
        model = running.names.get("model")
        if isinstance(model, ModelClass):
            site.edge(kind, "", model.label, "Meta.model", running.lines["model"])
        subject = self._frameworks.subject(outer)
        if subject is None:
            return
        for text in _texts(running.names.get("fields")):
            if text.text == "__all__":
                continue
            self._hops(site, kind, subject, text.text, text.line or running.lines["fields"])

    def _form(self, site: Site, dotted: str, running: Running) -> None:
        source = self._frameworks.subject(dotted) or ""
        for name, value in running.names.items():
            if isinstance(value, ExternalCall):
                records = value.keyword("queryset")
                if records is None and value.arguments and "Model" in value.dotted:
                    records = value.arguments[0]
                if isinstance(records, Records | ModelClass):
                    site.edge("form", source, records.label, name, running.lines.get(name, 0))

    def _serializer(self, site: Site, dotted: str, running: Running) -> None:
        subject = self._frameworks.subject(dotted)
        for name, value in running.names.items():
            line = running.lines.get(name, 0)
            if isinstance(value, InstanceOf):
                if self._frameworks.role(value.dotted) == "serializer":
                    target = self._frameworks.subject(value.dotted)
                    if target is not None:
                        site.edge("serializer", subject or "", target, name, line)
            elif isinstance(value, ExternalCall):
                records = value.keyword("queryset")
                if isinstance(records, Records | ModelClass):
                    site.edge("serializer", subject or "", records.label, name, line)
                source = value.keyword("source")
                if isinstance(source, Text) and subject is not None:
                    for hop in self._relations.accessors(subject, source.text, "."):
                        site.edge("serializer", hop.source, hop.target, source.text, line)

    def _view(self, site: Site, dotted: str, running: Running) -> None:
        site.function.kind = "view"
        template = running.names.get("template_name")
        if isinstance(template, Text):
            site.use("template", template.text, template.line)
        for text in _texts(running.names.get("permission_required")):
            if text.text.count(".") == 1:
                site.use("permission", text.text, text.line)
        subject = self._frameworks.subject(dotted)
        if subject is None:
            return
        line = site.function.line
        site.read(subject, line)
        names = [name.rpartition(".")[2] for name in self._knowledge.externals(dotted)]
        if any(name in _WRITING or name.endswith(_WRITING_VIEWS) for name in names):
            site.write(subject, line, "save")

    def _migration(self, site: Site, running: Running) -> None:
        for name in ("dependencies", "run_before"):
            value = running.names.get(name)
            for item in value.items if isinstance(value, Listing) else ():
                line = running.lines[name]
                if isinstance(item, Listing) and item.items and isinstance(item.items[0], Text):
                    text = item.items[0]
                    site.edge("migration", "", text.text, name, text.line or line)
                elif isinstance(item, ExternalCall) and item.dotted.endswith("_dependency"):
                    named = self._knowledge.labels.of(item.arguments[0] if item.arguments else None)
                    label = named or self._knowledge.user_model
                    site.edge("migration", "", label, "swappable_dependency", line)


def _texts(value: Value) -> list[Text]:
    """The texts of a list, also those that are the first of a pair."""
    if isinstance(value, Text):
        return [value]
    found = []
    for item in value.items if isinstance(value, Listing) else ():
        if isinstance(item, Text):
            found.append(item)
        elif isinstance(item, Listing) and item.items and isinstance(item.items[0], Text):
            found.append(item.items[0])
    return found
