"""Attributes and calls of values: the rules by which one value leads to the next.

Each rule writes down what it means at the site: a join, a read, a write, a call. What is not known
here is asked of `Knowledge` (the project) and of `Frameworks` and `Externals` (Django and others).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ramet.tools.assess.linking.queries.called import Called
from ramet.tools.assess.linking.queries.externals import Externals
from ramet.tools.assess.linking.queries.frameworks import Frameworks
from ramet.tools.assess.linking.queries.knowledge import Knowledge
from ramet.tools.assess.linking.queries.query_sets import API, QuerySets, method_of
from ramet.tools.assess.linking.queries.site import Keyword, Site
from ramet.tools.assess.linking.queries.values import (
    Bound,
    ClassRef,
    External,
    ExternalCall,
    FunctionRef,
    InstanceOf,
    Listing,
    Mapping,
    Meta,
    ModelClass,
    ModelInstance,
    ModuleRef,
    Query,
    Records,
    Request,
    SettingsValue,
    SuperOf,
    Text,
    Value,
)

__all__ = ["Evaluation"]

_LINKS = frozenset(("add", "remove", "set", "clear", "aadd", "aremove", "aset", "aclear"))
_MANAGERS = frozenset(("objects", "_default_manager", "_base_manager"))
_SAVING = frozenset(("save", "delete", "asave", "adelete", "save_base"))
_STARTING_TASK = frozenset(
    (
        "delay",
        "apply_async",
        "apply",
        "s",
        "si",
        "signature",
        "subtask",
        "enqueue",
        "aenqueue",
        "defer",
        "defer_async",
        "send",
        "send_with_options",
        "starmap",
        "chunks",
    )
)


class Evaluation:
    """The rules, over one project."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.query_sets = QuerySets(knowledge.relations)
        self.frameworks = Frameworks(knowledge, self)
        self.externals = Externals(knowledge, self)
        self._attributes: dict[type, Callable[[Site, Any, str, int], Value]] = {
            ModelInstance: self._of_row,
            ModelClass: self._of_model,
            Records: self._of_records,
            ClassRef: self._of_class,
            InstanceOf: self._of_instance,
            ModuleRef: self._of_module,
            External: self._of_external,
            ExternalCall: self._bound,
            FunctionRef: self._bound,
            Query: self._bound,
            Text: self._bound,
            Meta: self._of_meta,
            Request: self._of_request,
            SettingsValue: self._of_settings,
            SuperOf: self._of_super,
        }

    def attribute(self, site: Site, value: Value, name: str, line: int) -> Value:
        """`value.name`."""
        rule = self._attributes.get(value.__class__)
        return rule(site, value, name, line) if rule is not None else None

    def element(self, value: Value) -> Value:
        """One of those that `value` iterates over."""
        if isinstance(value, Records):
            return ModelInstance(value.label) if value.is_plain else None
        if isinstance(value, Listing):
            return next((item for item in value.items if item is not None), None)
        return None

    def item(self, value: Value, key: str) -> Value:
        """`value["key"]`."""
        if isinstance(value, Mapping):
            for name, item in value.pairs:
                if isinstance(name, Text) and name.text == key:
                    return item
        if isinstance(value, External) and value.dotted == "django.db.connections":
            return External("django.db.connection")
        return None

    def call(
        self,
        site: Site,
        value: Value,
        arguments: Sequence[Value],
        keywords: Sequence[Keyword],
        line: int,
    ) -> Value:
        """`value(*arguments, **keywords)`."""
        if isinstance(value, Bound):
            return self._call_bound(site, value, arguments, keywords, line)
        if isinstance(value, External):
            return self.externals.call(Called(site, value.dotted, arguments, keywords, line))
        if isinstance(value, FunctionRef):
            site.call(value.dotted, line)
            site.pass_on(value.dotted, arguments, keywords, 0)
            called = Called(site, value.dotted, arguments, keywords, line)
            known = self.externals.named(called)
            return known if known is not None else self.knowledge.returned(value.dotted, None)
        if isinstance(value, ModelClass):
            return ModelInstance(value.label)
        if isinstance(value, ClassRef):
            started = self.knowledge.method(value.dotted, "__init__")
            if started is not None:
                site.call(started, line)
                site.pass_on(started, arguments, keywords, 1)
            if self.frameworks.role(value.dotted) == "signal":
                return ExternalCall("django.dispatch.Signal")
            return InstanceOf(value.dotted)
        if isinstance(value, Records):  # `order.lines(manager="active")`
            return value
        if isinstance(value, ExternalCall) and value.dotted.endswith("from_queryset"):
            return value
        return None

    # Attributes

    def _bound(self, site: Site, value: Value, name: str, line: int) -> Value:
        return Bound(value, name, None)

    def _of_row(self, site: Site, value: ModelInstance, name: str, line: int) -> Value:
        hop = self.knowledge.relations.accessor(value.label, name)
        if hop is not None:
            site.edge("accessor", hop.source, hop.target, name, line)
            site.read(hop.target, line)
            return Records(hop.target, hop.writes) if hop.is_many else ModelInstance(hop.target)
        if name == "_meta":
            return Meta(value.label)
        if name == "__class__":
            return ModelClass(value.label)
        return self._member(site, value, self.knowledge.labels.class_of(value.label), name, line)

    def _of_model(self, site: Site, value: ModelClass, name: str, line: int) -> Value:
        if name in _MANAGERS:
            return Records(value.label)
        if name == "_meta":
            return Meta(value.label)
        hop = self.knowledge.relations.accessor(value.label, name)
        if hop is not None:  # the descriptor, of which only `through` is ever asked
            return Records(hop.target, hop.writes)
        return self._member(site, value, self.knowledge.labels.class_of(value.label), name, line)

    def _member(self, site: Site, owner: Value, dotted: str | None, name: str, line: int) -> Value:
        """What a class of the project, or a base of it, has under `name`."""
        if dotted is not None:
            member = self.knowledge.member(dotted, name)
            if isinstance(member, FunctionRef):
                if self.knowledge.is_property(member.dotted) and not isinstance(
                    owner, ModelClass | ClassRef
                ):
                    site.call(member.dotted, line)
                    return self.knowledge.returned(member.dotted, owner)
                return Bound(owner, name, member.dotted)
            if member is not None:
                if isinstance(owner, ModelClass) and (
                    records := self.knowledge.owners.as_manager(member, owner.label)
                ):
                    return records
                return member
        if isinstance(owner, ModelInstance | ModelClass) and name not in _SAVING:
            return None
        return Bound(owner, name, None)

    def _of_records(self, site: Site, value: Records, name: str, line: int) -> Value:
        if name == "model":
            return ModelClass(value.label)
        if name == "through":
            return ModelClass(value.writes) if value.writes else None
        own = self.knowledge.owners.manager_method(value.label, name)
        if own is not None or method_of(name) in API or name in _LINKS:
            return Bound(value, name, own)
        return None

    def _of_class(self, site: Site, value: ClassRef, name: str, line: int) -> Value:
        known = self.frameworks.attribute(site, value.dotted, name, line, is_class=True)
        return known if known is not None else self._member(site, value, value.dotted, name, line)

    def _of_instance(self, site: Site, value: InstanceOf, name: str, line: int) -> Value:
        known = self.knowledge.attribute_of_self(value.dotted, name)
        if known is None:
            known = self.frameworks.attribute(site, value.dotted, name, line, is_class=False)
        if known is not None:
            return known
        if name == "request" and self.knowledge.member(value.dotted, name) is None:
            return Request()
        return self._member(site, value, value.dotted, name, line)

    def _of_module(self, site: Site, value: ModuleRef, name: str, line: int) -> Value:
        return self.knowledge.value(value.dotted, name)

    def _of_external(self, site: Site, value: External, name: str, line: int) -> Value:
        return self.knowledge.external(f"{value.dotted}.{name}")

    def _of_meta(self, site: Site, value: Meta, name: str, line: int) -> Value:
        if name == "db_table":
            table = self.knowledge.labels.table_of(value.label)
            return Text(table, line) if table else None
        return ModelClass(value.label) if name == "model" else None

    def _of_request(self, site: Site, value: Request, name: str, line: int) -> Value:
        if name == "user":
            return ModelInstance(self.knowledge.user_model)
        return self.knowledge.attribute_of_request(name)

    def _of_settings(self, site: Site, value: SettingsValue, name: str, line: int) -> Value:
        return self.externals.setting(site, name, line) if not value.name else None

    def _of_super(self, site: Site, value: SuperOf, name: str, line: int) -> Value:
        dotted = self.knowledge.method_after(value.dotted, self._class_of(value.owner), name)
        if dotted is None and isinstance(value.owner, InstanceOf):
            known = self.frameworks.attribute(
                site, value.owner.dotted, name, line, is_class=False, is_super=True
            )
            if known is not None:
                return known
        return Bound(value.owner, name, dotted)

    def _class_of(self, value: Value) -> str | None:
        if isinstance(value, InstanceOf | ClassRef):
            return value.dotted
        if isinstance(value, ModelInstance | ModelClass):
            return self.knowledge.labels.class_of(value.label)
        return None

    # Calls

    def _call_bound(
        self,
        site: Site,
        method: Bound,
        arguments: Sequence[Value],
        keywords: Sequence[Keyword],
        line: int,
    ) -> Value:
        owner, name, dotted = method.owner, method.name, method.dotted
        if dotted is not None:
            site.call(dotted, line)
            skipped = 0 if self.knowledge.is_static(dotted) else 1
            site.pass_on(dotted, arguments, keywords, skipped)
        if isinstance(owner, Records):
            if owner.label == "contenttypes.ContentType":
                called = Called(site, name, arguments, keywords, line)
                self.externals.content_type_named(called)
            if method_of(name) in API or name in _LINKS:
                return self.query_sets.call(site, owner, name, arguments, keywords, line)
        elif isinstance(owner, ModelInstance):
            if name in _SAVING:
                site.write(owner.label, line, "delete" if "delete" in name else "save")
                return None
        elif isinstance(owner, Query):
            return owner
        elif isinstance(owner, Text):
            return owner if name == "format" else None
        elif isinstance(owner, FunctionRef):
            if name in _STARTING_TASK:
                site.call(owner.dotted, line, "task")
            return None
        elif isinstance(owner, ExternalCall):
            return self.externals.call_on(owner, Called(site, name, arguments, keywords, line))
        elif isinstance(owner, InstanceOf | ClassRef):
            return self.frameworks.call(site, owner, name, dotted, arguments, keywords, line)
        return self.knowledge.returned(dotted, owner) if dotted is not None else None
