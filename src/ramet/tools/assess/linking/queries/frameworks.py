"""What Django's and REST framework's classes give their subclasses: views, forms, serializers.

A class has a role by the external classes among its bases, and mostly a subject: the model that it
is about, told by `model`, `queryset`, `Meta.model` or a class that it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ramet.tools.assess.linking.asked import Answers
from ramet.tools.assess.linking.queries.knowledge import Knowledge
from ramet.tools.assess.linking.queries.site import Keyword, Site
from ramet.tools.assess.linking.queries.values import (
    ClassRef,
    ExternalCall,
    InstanceOf,
    ModelClass,
    ModelInstance,
    Records,
    Request,
    Text,
    Value,
)

if TYPE_CHECKING:
    from ramet.tools.assess.linking.queries.evaluation import Evaluation

__all__ = ["ROLES", "Frameworks"]

# By the end of the name of an external base; the first that fits is the role.
ROLES = (
    ("ModelAdmin", "admin"),
    ("Inline", "inline"),
    ("InlineModelAdmin", "inline"),
    ("ViewSet", "view"),
    ("View", "view"),
    ("Serializer", "serializer"),
    ("FilterSet", "filters"),
    ("Form", "form"),
    ("FormSet", "form"),
    ("Command", "command"),
    ("AppConfig", "config"),
    ("MiddlewareMixin", "middleware"),
    ("Migration", "migration"),
    ("QuerySet", "records"),
    ("Manager", "records"),
    ("Task", "task"),
    ("Signal", "signal"),
)
_WITH_SUBJECT = frozenset(("admin", "inline", "view", "serializer", "filters", "form"))
_ROW = frozenset(("object", "instance", "original"))
_RECORDS = frozenset(("queryset", "object_list", "qs"))
_ATTRIBUTES = _ROW | _RECORDS | {"request", "model"}
_STARTING_TASK = frozenset(("delay", "apply_async", "s", "si", "signature", "apply"))


class Frameworks:
    """Roles and subjects of a project's classes."""

    def __init__(self, knowledge: Knowledge, evaluation: Evaluation) -> None:
        self._knowledge = knowledge
        self._evaluation = evaluation
        self._roles: Answers[str, str] = {}
        self._subjects: Answers[str, str | None] = {}
        self._asked = knowledge.asked

    def forget(self) -> None:
        """Whatever was answered before."""
        self._roles.clear()
        self._subjects.clear()

    def role(self, dotted: str) -> str:
        """What a class is, "" where it is nothing of a framework."""
        return self._asked.once(self._roles, dotted, "", self._find_role, dotted)

    def subject(self, dotted: str) -> str | None:
        """The label of the model that a view, form, serializer or admin is about."""
        registered = self._knowledge.registered(dotted)
        if isinstance(registered, ModelClass):
            return registered.label
        return self._asked.once(self._subjects, dotted, None, self._find_subject, dotted)

    def attribute(
        self,
        site: Site,
        dotted: str,
        name: str,
        line: int,
        *,
        is_class: bool,
        is_super: bool = False,
    ) -> Value:
        """An attribute that the framework sets, unless the project's own class does."""
        if name not in _ATTRIBUTES or (role := self.role(dotted)) not in _WITH_SUBJECT:
            return None
        if not is_super and self._knowledge.member(dotted, name) is not None:
            return None
        if name == "request":
            return Request() if role == "view" and not is_class else None
        subject = self.subject(dotted)
        if subject is None:
            return None
        if name in _RECORDS:
            return Records(subject)
        if name == "model":
            return ModelClass(subject)
        return ModelInstance(subject) if not is_class else None

    def call(
        self,
        site: Site,
        owner: InstanceOf | ClassRef,
        name: str,
        dotted: str | None,
        arguments: Sequence[Value],
        keywords: Sequence[Keyword],
        line: int,
    ) -> Value:
        """`owner.name(…)`. `dotted` is the method where a class of the project has it."""
        if dotted is not None:
            value = self._knowledge.returned(dotted, owner)
            if value is not None:
                return value
        role = self.role(owner.dotted)
        if name == "as_view":
            return ClassRef(owner.dotted)
        if name in ("as_manager", "from_queryset") and role == "records":
            if name == "as_manager":
                return InstanceOf(owner.dotted)
            return ExternalCall(f"{owner.dotted}.from_queryset", (owner, *arguments))
        if role == "task" and name in _STARTING_TASK:
            run = self._knowledge.method(owner.dotted, "run")
            if run is not None:
                site.call(run, line, "task")
            return None
        if role == "config" and name == "get_model":
            return self._model_of_app(owner.dotted, arguments, keywords)
        if role not in _WITH_SUBJECT:
            return None
        if name in ("get_form", "get_form_class", "form_class"):
            return self._named_class(owner.dotted, "form_class")
        if name in ("get_serializer", "get_serializer_class"):
            return self._named_class(owner.dotted, "serializer_class")
        subject = self.subject(owner.dotted)
        if subject is None:
            return None
        if name == "get_object" and role == "view":
            site.read(subject, line)
            return ModelInstance(subject)
        if name == "get_queryset":
            site.read(subject, line)
            return Records(subject)
        if name == "save" and role in ("form", "serializer"):
            if dotted is None:
                self._save(site, owner.dotted, role, subject, line)
            return ModelInstance(subject)
        return None

    def _model_of_app(
        self, dotted: str, arguments: Sequence[Value], keywords: Sequence[Keyword]
    ) -> Value:
        """`self.get_model("Order")` of an AppConfig."""
        given = [*arguments, *(value for key, value, _ in keywords if key == "model_name")]
        label = self._knowledge.member(dotted, "label")
        name = self._knowledge.member(dotted, "name")
        if not given or not isinstance(given[0], Text) or not isinstance(name, Text):
            return None
        app = label.text if isinstance(label, Text) else name.text.rpartition(".")[2]
        found = self._knowledge.labels.named(f"{app}.{given[0].text}")
        return ModelClass(found) if found is not None else None

    def _save(self, site: Site, dotted: str, role: str, subject: str, line: int) -> None:
        """A serializer's `save` runs `create` or `update`, which the project may have defined."""
        if role == "serializer":
            own = [
                method
                for name in ("create", "update")
                if (method := self._knowledge.method(dotted, name)) is not None
            ]
            for method in own:
                site.call(method, line)
            if len(own) == 2:
                return
        if self._is_of_model(dotted):
            site.write(subject, line, "save")

    def _is_of_model(self, dotted: str) -> bool:
        return any("Model" in name.rpartition(".")[2] for name in self._knowledge.externals(dotted))

    def _named_class(self, dotted: str, name: str) -> Value:
        named = self._knowledge.member(dotted, name)
        return InstanceOf(named.dotted) if isinstance(named, ClassRef) else None

    def _find_role(self, dotted: str) -> str:
        names = [name.rpartition(".")[2] for name in self._knowledge.externals(dotted)]
        for ending, role in ROLES:
            for name in names:
                if name.endswith(ending):
                    return role
        return ""

    def _find_subject(self, dotted: str) -> str | None:
        knowledge = self._knowledge
        if self.role(dotted) not in _WITH_SUBJECT:
            return None
        candidates = [knowledge.member(dotted, "model")]
        meta = knowledge.member(dotted, "Meta")
        if isinstance(meta, ClassRef):
            candidates.append(knowledge.member(meta.dotted, "model"))
        candidates.append(knowledge.member(dotted, "queryset"))
        for value in candidates:
            if isinstance(value, ModelClass | Records):
                return value.label
        for name in ("serializer_class", "form_class"):
            named = knowledge.member(dotted, name)
            if isinstance(named, ClassRef) and (label := self.subject(named.dotted)):
                return label
        method = knowledge.method(dotted, "get_queryset")
        if method is not None:
            value = knowledge.returned(method, InstanceOf(dotted))
            if isinstance(value, Records):
                return value.label
        return None
