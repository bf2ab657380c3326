"""Expressions -> values, as far as they are decided by source: strings, lists, classes, settings.

What is not decided by source is None, never a guess. Of a condition every branch is possible, and
the first that has a value is taken; a list keeps what it can and `Values.partial` tells that there
was more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ramet.tools.assess.linking.names import Module, Names, Symbol
from ramet.tools.assess.source.extract import (
    Assign,
    Attribute,
    Call,
    Choice,
    ClassDef,
    Each,
    Expression,
    FunctionDef,
    Item,
    Items,
    Join,
    Name,
    Operation,
    Pairs,
    Starred,
)

__all__ = ["Value", "Values"]

Value = Any
"""str, int, float, bool, list, dict, `Symbol`, or None where it is not known (or None itself)."""

SETTINGS = "django.conf.settings"
_DEEPEST = 40

# What Django uses where a settings module says nothing, of those that name models and modules.
_DEFAULTS: dict[str, Value] = {"AUTH_USER_MODEL": "auth.User"}

_COPIES = frozenset(("list", "tuple", "set", "sorted", "frozenset", "str", "dict", "reversed"))
_TEXT = frozenset(("lower", "upper", "strip", "title", "capitalize", "rstrip", "lstrip"))


class Values:
    """Evaluates in a module's scope, and in a class's or a function's within it."""

    def __init__(self, names: Names, settings: dict[str, Value]) -> None:
        self.names = names
        self.settings = settings
        self.partial = False
        self._depth = 0
        self._open: set[int] = set()

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
                return self._name(module, dotted, scope, cls)
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
                return self._call(module, expression, scope, cls)
            case Pairs(keys, values):
                return {
                    self.of(module, key, scope, cls): self.of(module, value, scope, cls)
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, str)
                }
            case Item(of, key):
                return self._item(self.of(module, of, scope, cls), self.of(module, key, scope, cls))
            case Attribute(of, name):
                return self._attribute(self.of(module, of, scope, cls), name)
            case Each(element, target, of):
                return self._each(module, element, target, of, scope, cls)
        return None

    def _name(
        self, module: Module, dotted: str, scope: Mapping[str, Value], cls: ClassDef | None
    ) -> Value:
        head, _, rest = dotted.partition(".")
        if head in scope:
            value = scope[head]
            for part in rest.split(".") if rest else ():
                value = self._attribute(value, part)
            return value
        if cls is not None and not rest:
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
        found = self._attribute(self._name(module, of, scope, cls), name)
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
            for other in module.extract.body:
                if (
                    isinstance(other, Assign)
                    and other.target == statement.target
                    and other.operator
                ):
                    added = self.of(module, other.value)
                    value = value + added if isinstance(added, list) else value
        return value

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

    def _attribute(self, of: Value, name: str) -> Value:
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

    def _call(
        self, module: Module, call: Call, scope: Mapping[str, Value], cls: ClassDef | None
    ) -> Value:
        if isinstance(call.function, Attribute | Name):
            text = self._text_method(module, call, scope, cls)
            if text is not None:
                return text
        function = (
            self._callable(module, call.function.dotted, scope)
            if isinstance(call.function, Name)
            else self.of(module, call.function, scope, cls)
        )
        if not isinstance(function, Symbol):
            return self._builtin(module, call, scope, cls)
        args = [self.of(module, arg, scope, cls) for arg in call.args]
        keywords = {key: self.of(module, arg, scope, cls) for key, arg in call.keywords.items()}
        if isinstance(function.statement, FunctionDef) and function.module is not None:
            value = self._own_function(function, function.statement, args, keywords)
            if value is not None:
                return value
        elif isinstance(function.statement, ClassDef):
            return None
        return self._known_function(function, args, keywords, module)

    def _callable(self, module: Module, dotted: str, scope: Mapping[str, Value]) -> Value:
        if dotted.partition(".")[0] in scope:
            return self._name(module, dotted, scope, None)
        symbol = self.names.resolve(module, dotted)
        if symbol is not None and isinstance(symbol.statement, Assign):
            return self.of_symbol(symbol)
        return symbol

    def _own_function(
        self,
        function: Symbol,
        statement: FunctionDef,
        args: list[Value],
        keywords: dict[str, Value],
    ) -> Value:
        if function.module is None or id(statement) in self._open:
            return None
        scope = dict(zip(statement.parameters, args, strict=False)) | keywords
        inner = {each.name.rpartition(".")[2]: each for each in _classes_in(statement)}
        for name, each in inner.items():
            scope[name] = Symbol(f"{function.module.name}.{each.name}", function.module, each)
        self._open.add(id(statement))
        try:
            for returned in statement.returns:
                value = self.of(function.module, returned, scope)
                if value is not None:
                    return value
        finally:
            self._open.discard(id(statement))
        return None

    def _known_function(
        self, function: Symbol, args: list[Value], keywords: dict[str, Value], module: Module
    ) -> Value:
        """What well-known functions return, and those that are given a model's or class's name."""
        name = function.dotted.rpartition(".")[2]
        if name == "get_user_model":
            return self.setting("AUTH_USER_MODEL")
        texts = [arg for arg in args if isinstance(arg, str)]
        if name == "get_user_model_name":
            return self.setting("AUTH_USER_MODEL")
        if name in ("get_model_name", "load_model", "get_swappable_model") and len(texts) >= 2:
            setting = f"{texts[0].upper()}_{texts[1].upper()}_MODEL"
            return self.setting(setting) or f"{texts[0]}.{texts[1]}"
        if name in ("get_model", "get_registered_model", "get_model_or_none"):
            label = ".".join(texts[:2]) or ".".join(
                each
                for each in (keywords.get("app_label"), keywords.get("model_name"))
                if isinstance(each, str)
            )
            return label if "." in label else None
        if name == "with_metaclass" or name == "mptt_meta":
            return args[1] if len(args) > 1 else None
        if len(args) == 1 and len(texts) == 1 and "." in texts[0]:
            return self.names.locate(texts[0], module)
        if len(texts) == len(args) == 2:
            return self._class_named(texts[0], texts[1], module)
        if isinstance(keywords.get("default"), str | list):
            return keywords["default"]
        if len(args) > 1 and function.dotted in ("os.environ.get", "os.getenv"):
            return args[1]
        return None

    def _class_named(self, module_name: str, class_name: str, importer: Module) -> Value:
        """The class that a loader is asked for by a module's name, or its end, and its own."""
        symbol = self.names.locate(f"{module_name}.{class_name}", importer)
        if symbol is not None and isinstance(symbol.statement, ClassDef):
            return symbol
        tail = "." + module_name
        for dotted, modules in self.names.modules.items():
            if dotted.endswith(tail) and not modules[0].is_test:
                symbol = self.names.lookup(modules[0], class_name)
                if symbol is not None and isinstance(symbol.statement, ClassDef):
                    return symbol
        return None

    def _builtin(
        self, module: Module, call: Call, scope: Mapping[str, Value], cls: ClassDef | None
    ) -> Value:
        if not isinstance(call.function, Name):
            return None
        name = call.function.dotted
        if name == "getattr" and len(call.args) >= 2:
            of = self.of(module, call.args[0], scope, cls)
            key = self.of(module, call.args[1], scope, cls)
            value = None
            if isinstance(of, Symbol) and isinstance(key, str):
                value = self._attribute(of, key)
            if value is None or (isinstance(value, Symbol) and value.module is None):
                default = call.args[2] if len(call.args) > 2 else None
                value = self.of(module, default, scope, cls) or value
            return value
        if name in _COPIES and len(call.args) == 1:
            value = self.of(module, call.args[0], scope, cls)
            return list(value) if name == "list" and isinstance(value, dict) else value
        return None

    def _text_method(
        self, module: Module, call: Call, scope: Mapping[str, Value], cls: ClassDef | None
    ) -> Value:
        """What methods of strings, lists and dicts return: `"...".format()`, `d.get()`."""
        if isinstance(call.function, Attribute):
            receiver, method = call.function.of, call.function.name
        elif isinstance(call.function, Name) and "." in call.function.dotted:
            head, _, method = call.function.dotted.rpartition(".")
            receiver = Name(head)
        else:
            return None
        if method not in _METHODS:
            return None
        of = self.of(module, receiver, scope, cls)
        if not isinstance(of, str | dict | list):
            return None
        args = [self.of(module, arg, scope, cls) for arg in call.args]
        keywords = {key: self.of(module, arg, scope, cls) for key, arg in call.keywords.items()}
        try:
            value = getattr(of, method)(*args, **keywords)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            return None
        return list(value) if isinstance(value, tuple) or method in ("keys", "values") else value


_METHODS = _TEXT | {
    "format",
    "join",
    "split",
    "rsplit",
    "partition",
    "rpartition",
    "replace",
    "get",
    "keys",
    "values",
    "copy",
}


def _classes_in(function: FunctionDef) -> list[ClassDef]:
    return [each for each in function.body if isinstance(each, ClassDef)]
