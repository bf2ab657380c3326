"""Expressions -> values, as far as they are decided by source: strings, lists, classes, settings.

What is not decided by source is None, never a guess. Of a condition every branch is possible, and
the first that has a value is taken; a list keeps what it can and `Values.partial` tells that there
was more.
"""

from __future__ import annotations

from collections.abc import Mapping

from ramet.tools.assess.linking.calls import Calls, Value, is_written
from ramet.tools.assess.linking.names import Module, Names, Symbol
from ramet.tools.assess.source.extract import (
    Assign,
    Attribute,
    Call,
    Choice,
    ClassDef,
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

__all__ = ["Value", "Values"]

SETTINGS = "django.conf.settings"
_DEEPEST = 40

# What Django uses where a settings module says nothing, of those that name models and modules.
_DEFAULTS: dict[str, Value] = {"AUTH_USER_MODEL": "auth.User"}


class Values:
    """Evaluates in a module's scope, and in a class's or a function's within it."""

    def __init__(self, names: Names, settings: dict[str, Value]) -> None:
        self.names = names
        self.settings = settings
        self.partial = False
        self._depth = 0
        self._open: set[int] = set()
        self._calls = Calls(self)

    def of(
        self,
        module: Module,
        expression: Expression,
        scope: Mapping[str, Value] | None = None,
        cls: ClassDef | None = None,
    ) -> Value:
        """The value. `scope` binds names before the module does, `cls` those of its body."""
        if expression is None or isinstance(expression, bool | int | float | str):
            return expression
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._of(module, expression, scope or {}, cls)
        finally:
            self._depth -= 1

    def _of(
        self,
        module: Module,
        expression: Expression,
        scope: Mapping[str, Value],
        cls: ClassDef | None,
    ) -> Value:
        match expression:
            case Name(dotted):
                return self.name(module, dotted, scope, cls)
            case Items(items):
                return self._items(module, items, scope, cls)
            case Operation(operator, left, right):
                return self._operation(
                    operator,
                    self.of(module, left, scope, cls),
                    self.of(module, right, scope, cls),
                )
            case Join(parts):
                texts = [self.of(module, part, scope, cls) for part in parts]
                known = all(isinstance(text, str | int) for text in texts)
                return "".join(str(text) for text in texts) if known else None
            case Choice(options):
                for option in options:
                    value = self.of(module, option, scope, cls)
                    if value is not None and value != "":
                        return value
                return None
            case Call():
                return self._calls.value(module, expression, scope, cls)
            case Pairs(keys, values):
                return {
                    self.of(module, key, scope, cls): self.of(module, value, scope, cls)
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, str)
                }
            case Item(of, key):
                return self._item(self.of(module, of, scope, cls), self.of(module, key, scope, cls))
            case Attribute(of, name):
                return self.attribute(self.of(module, of, scope, cls), name)
            case Each(element, target, of):
                return self._each(module, element, target, of, scope, cls)
        return None

    def name(
        self, module: Module, dotted: str, scope: Mapping[str, Value], cls: ClassDef | None
    ) -> Value:
        """What a name is worth in a scope, in a class's body, in a module."""
        if dotted in scope:
            return scope[dotted]
        head, _, rest = dotted.partition(".")
        if head in scope:
            value = scope[head]
            for part in rest.split(".") if rest else ():
                value = self.attribute(value, part)
            return value
        if cls is not None and not rest:
            module.note(f"{cls.name}.{dotted}")
            for statement in reversed(cls.body):
                if isinstance(statement, Assign) and statement.target == dotted:
                    return self.of(module, statement.value, scope)
        if dotted == "__name__":
            return module.name
        if dotted == "__package__":
            return module.package
        symbol = self.names.resolve(module, dotted)
        if symbol is not None:
            value = self.of_symbol(symbol)
            if not rest or not isinstance(value, Symbol) or value.module is not None:
                return value
        # `Order.KIND`, where KIND is inherited or is no plain assignment.
        of, _, name = dotted.rpartition(".")
        if not of:
            return None
        found = self.attribute(self.name(module, of, scope, cls), name)
        if found is None or (isinstance(found, Symbol) and found.module is None):
            found = self._of_settings_object(module, of, name) or found
        return found

    def _of_settings_object(self, module: Module, dotted: str, name: str) -> Value:
        """A setting asked for by way of an object that stands before Django's settings.

        Such an object is usually made with a dict of its defaults.
        """
        if not name.isupper():
            return None
        symbol = self.names.resolve(module, dotted)
        statement = symbol.statement if symbol is not None else None
        if symbol is not None and symbol.module is not None and isinstance(statement, Assign):
            call = statement.value
            for argument in call.args if isinstance(call, Call) else ():
                defaults = self.of(symbol.module, argument)
                if isinstance(defaults, dict) and defaults.get(name) is not None:
                    return defaults[name]
        return self.setting(name) if dotted.endswith("settings") else None

    def of_symbol(self, symbol: Symbol) -> Value:
        """The value of a name: what was assigned to it, else the symbol itself."""
        if symbol.module is None:
            if symbol.dotted.startswith(SETTINGS + "."):
                return self.setting(symbol.dotted[len(SETTINGS) + 1 :])
            return symbol
        statement = symbol.statement
        if isinstance(statement, Assign):
            if id(statement) in self._open:
                return None
            self._open.add(id(statement))
            try:
                return self._assigned(symbol.module, statement)
            finally:
                self._open.discard(id(statement))
        return symbol

    def _assigned(self, module: Module, statement: Assign) -> Value:
        value = self.of(module, statement.value)
        if isinstance(value, list):
            module.note(statement.target)
            for other in module.extract.body:
                if (
                    isinstance(other, Assign)
                    and other.target == statement.target
                    and other.operator
                ):
                    added = self.of(module, other.value)
                    value = value + added if isinstance(added, list) else value
        return value

    def is_made(self, module: Module, statement: Assign) -> bool:
        """Whether an assignment under an `if` is made, as far as settings decide it; else true.

        A flag that is itself assigned more than once is as good as unknown.
        """
        flag = statement.flag
        symbol = self.names.resolve(module, flag.dotted) if isinstance(flag, Name) else None
        if symbol is not None and symbol.module is not None:
            name = symbol.dotted.rpartition(".")[2]
            if len(symbol.module.bindings.get(name, ())) > 1:
                return True
        return self.of(module, flag) is not (not statement.is_with_flag)

    def setting(self, name: str) -> Value:
        """A setting of the project, else Django's default, else None."""
        value = self.settings.get(name)
        return _DEFAULTS.get(name) if value is None else value

    def _items(
        self,
        module: Module,
        items: list[Expression],
        scope: Mapping[str, Value],
        cls: ClassDef | None,
    ) -> list[Value]:
        found: list[Value] = []
        for item in items:
            if isinstance(item, Starred):
                inner = self.of(module, item.of, scope, cls)
                if isinstance(inner, list):
                    found.extend(inner)
                else:
                    self.partial = True
            else:
                value = self.of(module, item, scope, cls)
                self.partial = self.partial or value is None
                found.append(value)
        return found

    def _operation(self, operator: str, left: Value, right: Value) -> Value:
        if operator == "+":
            if isinstance(left, str) and isinstance(right, str):
                return left + right
            if isinstance(left, list) or isinstance(right, list):
                if not isinstance(left, list) or not isinstance(right, list):
                    self.partial = True
                return (left if isinstance(left, list) else []) + (
                    right if isinstance(right, list) else []
                )
        if operator == "%" and isinstance(left, str) and right is not None:
            arguments = tuple(right) if isinstance(right, list) else right
            if not is_written(right):
                return None
            try:
                return left % arguments
            except (TypeError, ValueError, KeyError):
                return None
        if operator == "|" and isinstance(left, dict) and isinstance(right, dict):
            return left | right
        return None

    def _item(self, of: Value, key: Value) -> Value:
        if isinstance(of, Symbol):  # Generic[T]: the class counts
            return of
        if isinstance(of, dict) and isinstance(key, str):
            return of.get(key)
        if isinstance(of, list | str) and isinstance(key, int) and -len(of) <= key < len(of):
            return of[key]
        return None

    def attribute(self, of: Value, name: str) -> Value:
        """`of.name`, where `of` is a symbol."""
        if isinstance(of, Symbol):
            if of.module is not None and name == "__name__":
                return of.dotted.rpartition(".")[2]
            symbol = self.names.member(of, name)
            return self.of_symbol(symbol) if symbol is not None else None
        return None

    def _each(
        self,
        module: Module,
        element: Expression,
        target: str,
        of: Expression,
        scope: Mapping[str, Value],
        cls: ClassDef | None,
    ) -> Value:
        items = self.of(module, of, scope, cls)
        if isinstance(items, dict):
            items = list(items)
        if not isinstance(items, list):
            return None
        return [self.of(module, element, {**scope, target: item}, cls) for item in items]
