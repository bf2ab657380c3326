"""Whose methods a class has: rows of a model, its managers, or the class's own instances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ramet.tools.assess.linking.asked import Answers, Fact
from ramet.tools.assess.linking.queries.values import (
    ClassRef,
    ExternalCall,
    InstanceOf,
    ModelInstance,
    Records,
    Value,
)
from ramet.tools.assess.source.extract import Assign, Call, Expression, Name

if TYPE_CHECKING:
    from ramet.tools.assess.linking.classes import Class
    from ramet.tools.assess.linking.queries.knowledge import Knowledge

__all__ = ["KnownModel", "ModelFound", "Owners", "OwnersFound"]

# Tables, by what is looked for in them.
OWNERS, MANAGERS = "owners", "managers"

# An abstract model may have many children; what is found in these is found in the others.
_MOST_OWNERS = 4
_FIELDS = ("Field", "ForeignKey", "GenericRelation", "TextChoices", "_")
_MANAGERS = ("Manager", "Managers", "as_manager", "from_queryset", "QuerySet", "Queryset")


class KnownModel(NamedTuple):
    """A model with the dotted name of its class, and of which it is a proxy."""

    label: str
    dotted: str
    table: str | None
    proxy_of: str | None = None
    is_own: bool = True


class ModelFound(msgspec.Struct, array_like=True):
    """The project's classes from which one model's rows have methods, and from which its managers.

    Bases that are models themselves are left out.
    """

    bases: list[str]
    managers: list[str]


class OwnersFound(msgspec.Struct, array_like=True):
    """Models by the classes whose methods they have, or whose records have; managers by model."""

    owners: dict[str, list[tuple[str, bool]]]
    managers: dict[str, list[str]]

    def facts(self) -> Iterator[tuple[Fact, object]]:
        """All that can be asked for, with what is answered."""
        for name, owners in self.owners.items():
            yield (OWNERS, name), owners
        for label, managers in self.managers.items():
            yield (MANAGERS, label), managers


class Owners:
    """Models and their managers, by the classes whose methods they have."""

    def __init__(self, knowledge: Knowledge, models: Mapping[str, KnownModel]) -> None:
        self._knowledge = knowledge
        self._models = models
        self._owners: dict[str, list[Value]] = {}
        self._managers: dict[str, list[str]] = {}
        self._manager_methods: Answers[tuple[str, str], str | None] = {}

    def of(self, dotted: str) -> list[Value]:
        """What `self` is in the methods of a class: rows of a model, records of one, or itself."""
        label = self._knowledge.labels.of_class(dotted)
        if label is not None:
            return [ModelInstance(label)]
        self._knowledge.asked.note(OWNERS, dotted)
        return self._owners.get(dotted) or [InstanceOf(dotted)]

    def find(self, found_of: Callable[[str], ModelFound]) -> OwnersFound:
        """All of them. `found_of` tells what is found of a model by the name of its class."""
        owners: dict[str, list[Value]] = {}
        managers: dict[str, list[str]] = {}
        own = [(model, found_of(model.dotted)) for model in self._models.values() if model.is_own]
        for model, found in own:
            for base in found.bases if model.proxy_of is None else ():
                owners.setdefault(base, []).append(ModelInstance(model.label))
        for model, found in own:
            if found.managers:
                managers[model.label] = found.managers
            for manager in found.managers:
                records = owners.setdefault(manager, [])
                if Records(model.label) not in records:
                    records.append(Records(model.label))
        return OwnersFound(
            {
                name: [_told(each) for each in those[:_MOST_OWNERS]]
                for name, those in owners.items()
            },
            managers,
        )

    def find_of(self, dotted: str) -> ModelFound:
        """What is found of a model. No file may be linked before."""
        owner = self._knowledge.class_at(dotted)
        own = [
            each
            for each in (owner.mro if owner is not None else ())
            if each.module is not None and each.module.is_own
        ]
        bases = [
            base.dotted
            for base in own
            if base is not owner and self._knowledge.labels.of_class(base.dotted) is None
        ]
        return ModelFound(bases, self._find_managers(own))

    def know(self, found: OwnersFound) -> None:
        """Take them as they were found."""
        self._owners = {
            name: [
                Records(label) if is_manager else ModelInstance(label) for label, is_manager in each
            ]
            for name, each in found.owners.items()
        }
        self._managers = found.managers

    def forget(self) -> None:
        """Whatever was answered before."""
        self._manager_methods.clear()

    def as_manager(self, member: Value, label: str) -> Records | None:
        """The records of a model, where `member` of its class is a manager."""
        return Records(label) if self._manager_classes(member) is not None else None

    def _manager_classes(self, member: Value) -> list[str] | None:
        if isinstance(member, InstanceOf):
            is_manager = self._knowledge.evaluation.frameworks.role(member.dotted) == "records"
            return [member.dotted] if is_manager else None
        if isinstance(member, ExternalCall) and member.dotted.endswith(_MANAGERS):
            return [each.dotted for each in member.arguments if isinstance(each, ClassRef)]
        return None

    def managers(self, label: str) -> list[str]:
        """The classes of the project whose methods a model's managers have."""
        self._knowledge.asked.note(MANAGERS, label)
        return self._managers.get(label, [])

    def _find_managers(self, classes: list[Class]) -> list[str]:
        found: list[str] = []
        for base in classes:
            for name, statement in base.names.items():
                if isinstance(statement, Assign) and _may_be_manager(statement.value):
                    member = self._knowledge.member(base.dotted, name)
                    found += self._manager_classes(member) or ()
        return list(dict.fromkeys(found))

    def manager_method(self, label: str, name: str) -> str | None:
        """The method of one of a model's managers, where the project defines it."""
        return self._knowledge.asked.once(
            self._manager_methods, (label, name), None, self._find_manager_method, label, name
        )

    def _find_manager_method(self, label: str, name: str) -> str | None:
        for manager in self.managers(label):
            if (method := self._knowledge.method(manager, name)) is not None:
                return method
        return None


def _told(owner: Value) -> tuple[str, bool]:
    assert isinstance(owner, ModelInstance | Records)
    return owner.label, isinstance(owner, Records)


def _may_be_manager(value: Expression) -> bool:
    """Whether a call in a model's body is to be looked at: most others make fields."""
    if not isinstance(value, Call):
        return False
    return not isinstance(value.function, Name) or not value.function.dotted.endswith(_FIELDS)
