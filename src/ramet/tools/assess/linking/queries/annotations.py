"""Type annotations -> values of that type."""

from __future__ import annotations

from collections.abc import Callable

from ramet.tools.assess.linking.queries.evaluation import Evaluation
from ramet.tools.assess.linking.queries.site import Silent
from ramet.tools.assess.linking.queries.values import (
    ClassRef,
    External,
    InstanceOf,
    Listing,
    ModelClass,
    ModelInstance,
    Records,
    Value,
)
from ramet.tools.assess.source.visiting.operations import Operand

__all__ = ["annotated"]

_SAME = frozenset(("Optional", "Annotated", "Union"))
_RECORDS = frozenset(("QuerySet", "Manager", "BaseManager", "RelatedManager"))
_CLASSES = frozenset(("type", "Type"))
_ITERABLE = frozenset(
    (
        "AsyncIterable",
        "AsyncIterator",
        "Collection",
        "Generator",
        "Iterable",
        "Iterator",
        "List",
        "Sequence",
        "Set",
        "Tuple",
        "frozenset",
        "list",
        "set",
        "tuple",
    )
)


def annotated(evaluation: Evaluation, told: Operand, named: Callable[[str], Value]) -> Value:
    """A value of the type that an annotation tells of; `named` knows what names stand for."""
    if isinstance(told, str):
        return _of_type(evaluation, told, named)
    if not isinstance(told, list):
        return None
    if told[0] == "|":
        values = (annotated(evaluation, item, named) for item in told[1:])
        return next((value for value in values if value is not None), None)
    outer = told[1].rpartition(".")[2]
    inner = annotated(evaluation, told[2], named) if len(told) > 2 else None
    if outer in _SAME:
        return inner
    if outer in _ITERABLE:
        return Listing((inner,)) if inner is not None else None
    if isinstance(inner, ModelInstance):
        if outer in _RECORDS:
            return Records(inner.label)
        if outer in _CLASSES:
            return ModelClass(inner.label)
    return None


def _of_type(evaluation: Evaluation, dotted: str, named: Callable[[str], Value]) -> Value:
    first, *rest = dotted.split(".")
    value = named(first)
    for name in rest:
        value = evaluation.attribute(_SILENT, value, name, 0)
    if isinstance(value, ModelClass):
        return ModelInstance(value.label)
    if isinstance(value, ClassRef):
        owners = evaluation.knowledge.owners.of(value.dotted)
        return owners[0] if len(owners) == 1 else InstanceOf(value.dotted)
    return evaluation.externals.instance(value.dotted) if isinstance(value, External) else None


_SILENT = Silent()
