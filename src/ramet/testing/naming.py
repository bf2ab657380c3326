"""From what a test names, `Products.reserve` or `PlaceOrder.authorise`, to what it means."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ramet.calls.contracts import Contract, contracts
from ramet.sagas import registry
from ramet.sagas.definition import Definition, Saga
from ramet.testing.misuse import misuse

__all__ = ["Named", "definition_of", "operations_of", "seconds_of", "step_of"]

Named = type[Contract] | Callable[..., Any]
"""A contract, or one operation of it as an attribute of its class."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def operations_of(what: Named, where: str) -> frozenset[str]:
    """The full names of one operation, or of all operations of a contract."""
    if isinstance(what, type) and issubclass(what, Contract) and what is not Contract:
        return frozenset(each.full_name for each in what.__ramet__.operations.values())
    for contract in contracts().values():
        for name, operation in contract.__ramet__.operations.items():
            if vars(contract).get(name) is what:
                return frozenset({operation.full_name})
    raise misuse(
        "not-an-operation",
        where,
        found=_shown(what),
        expected="a contract, or an operation of one",
        remedy="name it by its class: Products, or Products.reserve",
    )


def step_of(what: Callable[..., Any], where: str) -> tuple[Definition, str]:
    """The saga that a step or an undo belongs to, and the method's name."""
    name = getattr(what, "__name__", "")
    for definition in reversed(registry.definitions()):
        methods = {method for step in definition.steps for method in (step.name, step.undo)}
        if name in methods and getattr(definition.saga, name, None) is what:
            return definition, name
    raise misuse(
        "not-a-step",
        where,
        found=_shown(what),
        expected="a step of a saga, or the undo of one",
        remedy="name it by its class: PlaceOrder.authorise",
    )


def definition_of(saga: type[Saga], where: str) -> Definition:
    """The definition of a saga's class."""
    definition = vars(saga).get("__ramet_saga__") if isinstance(saga, type) else None
    if not isinstance(definition, Definition):
        raise misuse(
            "not-a-saga",
            where,
            found=_shown(saga),
            expected="the class of a saga",
            remedy="name the class: sagas.run(PlaceOrder, order_id=order.pk)",
        )
    return definition


def seconds_of(text: str, where: str) -> float:
    """`500ms`, `2s`, `1m` or `1h` in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", text) if isinstance(text, str) else None
    if match is None or not float(match[1]):
        raise misuse(
            "not-a-duration",
            where,
            found=repr(text),
            expected="a positive number with its unit, as 500ms, 2s, 1m or 1h",
            remedy='write calls.slow(Products.reserve, "2s")',
        )
    return float(match[1]) * _UNITS[match[2]]


def _shown(what: object) -> str:
    return getattr(what, "__qualname__", None) or repr(what)
