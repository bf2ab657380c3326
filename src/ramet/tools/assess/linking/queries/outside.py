"""Expressions of a file's outside (`source.extract`) -> values: what other files may know of it."""

from __future__ import annotations

from collections.abc import Mapping as Names
from typing import TYPE_CHECKING

from ramet.tools.assess.linking.names import Module
from ramet.tools.assess.linking.queries.site import Keyword, Silent
from ramet.tools.assess.linking.queries.values import (
    Listing,
    Mapping,
    Query,
    Text,
    Value,
)
from ramet.tools.assess.source.extract import (
    Attribute,
    Call,
    Choice,
    Each,
    Expression,
    Item,
    Items,
    Join,
    Name,
    Operation,
    Pairs,
    Starred,
)

if TYPE_CHECKING:
    from ramet.tools.assess.linking.queries.knowledge import Knowledge

__all__ = ["Outside"]


# Of nested expressions, and of names that lead to others: no model is as far away as this.
_DEEPEST = 60
_SUPER = Name("super")


class Outside:
    """Evaluates without writing anything down: the file that has the expression does that."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._site = Silent()
        self._depth = 0

    def value(self, module: Module, expression: Expression, scope: Names[str, Value]) -> Value:
        """The value in the scope of `module`; `scope` has parameters, which come first."""
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._value(module, expression, scope)
        finally:
            self._depth -= 1

    def _value(self, module: Module, expression: Expression, scope: Names[str, Value]) -> Value:
        match expression:
            case str():
                return Text(expression, 0)
            case Name(dotted):
                return self._name(module, dotted, scope)
            case Attribute(of, name):
                return self._attribute(self.value(module, of, scope), name)
            case Call():
                return self._call(module, expression, scope)
            case Items(items):
                return Listing(tuple(self.value(module, item, scope) for item in items))
            case Starred(of):
                return self.value(module, of, scope)
            case Pairs(keys, values):
                return Mapping(
                    tuple(
                        (self.value(module, key, scope), self.value(module, item, scope))
                        for key, item in zip(keys, values, strict=True)
                    )
                )
            case Choice(options):
                for option in options:
                    value = self.value(module, option, scope)
                    if value is not None:
                        return value
                return None
            case Operation(operator, left, right):
                return self._operation(module, operator, left, right, scope)
            case Join(parts):
                return Text("".join(self._text(module, part, scope) for part in parts), 0)
            case Item(of, key):
                whole = self.value(module, of, scope)
                if isinstance(whole, Listing) and isinstance(key, int):
                    return whole.items[key] if 0 <= key < len(whole.items) else None
                return self._knowledge.evaluation.element(whole)
            case Each(element, target, of):
                one = self._knowledge.evaluation.element(self.value(module, of, scope))
                return Listing((self.value(module, element, {**scope, target: one}),))
        return None

    def _text(self, module: Module, part: Expression, scope: Names[str, Value]) -> str:
        value = self.value(module, part, scope)
        return value.text if isinstance(value, Text) else "\0"

    def _name(self, module: Module, dotted: str, scope: Names[str, Value]) -> Value:
        head, _, rest = dotted.partition(".")
        value = scope[head] if head in scope else self._knowledge.value(module, head)
        for part in rest.split(".") if rest else ():
            if value is None:
                return None
            value = self._attribute(value, part)
        return value

    def _attribute(self, value: Value, name: str) -> Value:
        return self._knowledge.evaluation.attribute(self._site, value, name, 0)

    def _call(self, module: Module, call: Call, scope: Names[str, Value]) -> Value:
        if call.function == _SUPER and not call.args:
            return scope.get("super")
        function = self.value(module, call.function, scope)
        if function is None:
            return None
        arguments = [self.value(module, argument, scope) for argument in call.args]
        keywords: list[Keyword] = [
            (None if key == "**" else key, self.value(module, item, scope), 0)
            for key, item in call.keywords.items()
        ]
        return self._knowledge.evaluation.call(self._site, function, arguments, keywords, 0)

    def _operation(
        self,
        module: Module,
        operator: str,
        left: Expression,
        right: Expression,
        scope: Names[str, Value],
    ) -> Value:
        one, other = self.value(module, left, scope), self.value(module, right, scope)
        if operator == "%":
            return one
        if isinstance(one, Query) and isinstance(other, Query):
            return Query(one.names + other.names)
        if isinstance(one, Listing) and isinstance(other, Listing):
            return Listing(one.items + other.items)
        if operator == "+" and (isinstance(one, Text) or isinstance(other, Text)):
            texts = [each.text if isinstance(each, Text) else "\0" for each in (one, other)]
            return Text("".join(texts), 0)
        return one if one is not None else other
