"""The labels of models, by whatever code calls them: a class, a spelling, a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ramet.tools.assess.linking.asked import Asked, Fact
from ramet.tools.assess.linking.queries.owners import KnownModel
from ramet.tools.assess.linking.queries.values import (
    ModelClass,
    ModelInstance,
    Records,
    Text,
    Value,
)

__all__ = ["Labels"]

# Tables of facts, by what is looked for in them.
MODEL, CLASS, NAMED, TABLE = "model", "class", "named", "table"


class Labels:
    """The models of one project: `models` are all of them by label."""

    def __init__(self, models: Iterable[KnownModel], asked: Asked) -> None:
        self.models = {model.label: model for model in models}
        self._asked = asked
        self._of_classes = {
            model.dotted: model.label for model in self.models.values() if model.dotted
        }
        self._lower = {label.lower(): label for label in self.models}
        self._of_tables = {
            model.table.lower(): model.label for model in self.models.values() if model.table
        }

    def model(self, label: str) -> KnownModel | None:
        """The model with a label."""
        self._asked.note(MODEL, label)
        return self.models.get(label)

    def of_class(self, dotted: str) -> str | None:
        """That of the model that a class is."""
        self._asked.note(CLASS, dotted)
        return self._of_classes.get(dotted)

    def named(self, label: str) -> str | None:
        """That of a known model, however it is spelled: `orders.order`."""
        self._asked.note(NAMED, label.lower())
        return self._lower.get(label.lower())

    def of_table(self, table: str) -> str | None:
        """That of the model whose rows are in a table."""
        self._asked.note(TABLE, table.lower())
        return self._of_tables.get(table.lower())

    def of(self, value: Value) -> str | None:
        """That of the model that a value is of; a text may name it."""
        if isinstance(value, ModelClass | ModelInstance | Records):
            return value.label
        return self.named(value.text) if isinstance(value, Text) else None

    def class_of(self, label: str) -> str | None:
        """The dotted name of a model's class."""
        model = self.model(label)
        return model.dotted or None if model is not None else None

    def table_of(self, label: str) -> str | None:
        """Where a model's rows are."""
        model = self.model(label)
        if model is not None and model.table is None and model.proxy_of is not None:
            return self.table_of(model.proxy_of)
        return model.table if model is not None else None

    def facts(self) -> Iterator[tuple[Fact, object]]:
        """All that can be asked for, with what is answered."""
        for model in self.models.values():
            yield (MODEL, model.label), model
        for table, answers in (
            (CLASS, self._of_classes),
            (NAMED, self._lower),
            (TABLE, self._of_tables),
        ):
            for name, label in answers.items():
                yield (table, name), label
