"""Whose methods a class has: rows of a model, its managers, or the class's own instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    from ramet.tools.assess.linking.queries.knowledge import Knowledge

__all__ = ["KnownModel", "Owners", "OwnersFound"]

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
        label = self._knowledge.label_of_class(dotted)
        if label is not None:
            return [ModelInstance(label)]
        self._knowledge.asked.note(OWNERS, dotted)
        return self._owners.get(dotted) or [InstanceOf(dotted)]

    def find(self) -> OwnersFound:
        """All of them, which are known from now on: no file may be linked before."""
        owners: dict[str, list[Value]] = {}
        managers: dict[str, list[str]] = {}
        for model in self._models.values():
            if model.proxy_of is not None or not model.is_own:
                continue
            found = self._knowledge.class_at(model.dotted)
            for base in found.mro[1:] if found is not None else ():
                is_own = base.module is not None and base.module.is_own
                if is_own and self._knowledge.label_of_class(base.dotted) is None:
                    owners.setdefault(base.dotted, []).append(ModelInstance(model.label))
        for model in self._models.values():
            if model.is_own and (found_managers := self._find_managers(model)):
                managers[model.label] = found_managers
                for manager in found_managers:
                    records = owners.setdefault(manager, [])
                    if Records(model.label) not in records:
                        records.append(Records(model.label))
        return OwnersFound(
            {
                name: [_told(each) for each in found[:_MOST_OWNERS]]
                for name, found in owners.items()
            },
            managers,
        )

    def know(self, found: OwnersFound) -> None:
        """Take them as they were found."""
        self._owners = {
            name: [
                Records(label) if is_manager else ModelInstance(label) for label, is_manager in each
            ]
            for name, each in found.owners.items()
        }
        self._managers = found.managers

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

    def _find_managers(self, model: KnownModel) -> list[str]:
        found: list[str] = []
        owner = self._knowledge.class_at(model.dotted)
        for base in owner.mro if owner is not None else ():
            if base.module is None or not base.module.is_own:
                continue
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
