"""Fields that are given to a model from outside its class: `add_to_class`, `contribute_to_class`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.source.extract import (
    Attribute,
    Call,
    ClassDef,
    Do,
    Expression,
    FunctionDef,
    Name,
    Statement,
)

__all__ = ["find_additions"]


def find_additions(modules: Iterable[Module], models: ModelClasses) -> None:
    """Put the added fields where their models' own are asked for."""
    for module in modules:
        if module.is_test or module.is_migration:
            continue
        for call in _calls(module.extract.body):
            _add(module, call, models)


def _calls(statements: Iterable[Statement]) -> Iterator[Call]:
    for statement in statements:
        if isinstance(statement, Do) and isinstance(statement.value, Call):
            yield statement.value
        elif isinstance(statement, FunctionDef | ClassDef):
            yield from _calls(statement.body)


def _add(module: Module, call: Call, models: ModelClasses) -> None:
    match call:
        case Call(Name(dotted), [str(name), value, *_]) if dotted.endswith(".add_to_class"):
            _put(module, Name(dotted.rpartition(".")[0]), name, value, call.line, models)
        case Call(Attribute(of, "add_to_class"), [str(name), value, *_]):
            _put(module, of, name, value, call.line, models)
        case Call(Attribute(value, "contribute_to_class"), [of, str(name), *_]):
            _put(module, of, name, value, call.line, models)


def _put(
    module: Module, of: Expression, name: str, value: Expression, line: int, models: ModelClasses
) -> None:
    cls = models.classes.of_expression(module, of)
    if cls is None or cls.definition is None or not models.is_model(cls):
        return
    field = models.fields.of_call(module, cls, name, value, line)
    if field is not None:
        models.added.setdefault(cls, []).append((name, field))
