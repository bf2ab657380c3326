"""Calls in expressions -> what they return: of strings, of the project's functions, of loaders.

Of functions, the well-known ones of Django and of configuration are known by name; the project's
own are followed to what they return; a loader is recognised by the names that it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ramet.tools.assess.linking.names import ANY, Module, Symbol
from ramet.tools.assess.linking.visible import returns
from ramet.tools.assess.source.extract import Assign, Attribute, Call, ClassDef, FunctionDef, Name

if TYPE_CHECKING:
    from ramet.tools.assess.linking.values import Values

__all__ = ["Calls", "Value", "is_written"]

Value = Any
"""str, int, float, bool, list, dict, `Symbol`, or None where it is not known (or None itself)."""

_COPIES = frozenset(("list", "tuple", "set", "sorted", "frozenset", "str", "dict", "reversed"))
_TEXT = frozenset(("lower", "upper", "strip", "title", "capitalize", "rstrip", "lstrip"))


def is_written(value: Value) -> bool:
    """Whether a value, or all of a list or dict, is one that a text says as the project would."""
    if isinstance(value, list | dict):
        return all(map(is_written, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str | int | float)


class Calls:
    """Evaluates calls for `Values`."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self._open: set[int] = set()

    def value(
        self, module: Module, call: Call, scope: Mapping[str, Value], cls: ClassDef | None
    ) -> Value:
        """What a call returns, None where source does not decide it."""
        if isinstance(call.function, Attribute | Name):
            text = self._text_method(module, call, scope, cls)
            if text is not None:
                return text
        function = (
            self._callable(module, call.function.dotted, scope)
            if isinstance(call.function, Name)
            else self.values.of(module, call.function, scope, cls)
        )
        if not isinstance(function, Symbol):
            return self._builtin(module, call, scope, cls)
        args = [self.values.of(module, arg, scope, cls) for arg in call.args]
        keywords = {
            key: self.values.of(module, arg, scope, cls) for key, arg in call.keywords.items()
        }
        if isinstance(function.statement, FunctionDef) and function.module is not None:
            value = self._own_function(function, function.statement, args, keywords)
            if value is not None:
                return value
        elif isinstance(function.statement, ClassDef):
            return None
        return self._known_function(function, args, keywords, module)

    def _callable(self, module: Module, dotted: str, scope: Mapping[str, Value]) -> Value:
        if dotted.partition(".")[0] in scope:
            return self.values.name(module, dotted, scope, None)
        symbol = self.values.names.resolve(module, dotted)
        if symbol is not None and isinstance(symbol.statement, Assign):
            return self.values.of_symbol(symbol)
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
            function.module.note(returns(statement.name))
            for returned in statement.returns:
                value = self.values.of(function.module, returned, scope)
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
            return self.values.setting("AUTH_USER_MODEL")
        texts = [arg for arg in args if isinstance(arg, str)]
        if name == "get_user_model_name":
            return self.values.setting("AUTH_USER_MODEL")
        if name in ("get_model_name", "load_model", "get_swappable_model") and len(texts) >= 2:
            setting = f"{texts[0].upper()}_{texts[1].upper()}_MODEL"
            return self.values.setting(setting) or f"{texts[0]}.{texts[1]}"
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
            return self.values.names.locate(texts[0], module)
        if len(texts) == len(args) == 2:
            return self._class_named(texts[0], texts[1], module)
        if isinstance(keywords.get("default"), str | list):
            return keywords["default"]
        if len(args) > 1 and function.dotted in ("os.environ.get", "os.getenv"):
            return args[1]
        return None

    def _class_named(self, module_name: str, class_name: str, importer: Module) -> Value:
        """The class that a loader is asked for by a module's name, or its end, and its own."""
        symbol = self.values.names.locate(f"{module_name}.{class_name}", importer)
        if symbol is not None and isinstance(symbol.statement, ClassDef):
            return symbol
        tail = "." + module_name
        self.values.names.asked.note(*ANY)
        for dotted, modules in self.values.names.modules.items():
            if dotted.endswith(tail) and not modules[0].is_test:
                symbol = self.values.names.lookup(modules[0], class_name)
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
            of = self.values.of(module, call.args[0], scope, cls)
            key = self.values.of(module, call.args[1], scope, cls)
            value = None
            if isinstance(of, Symbol) and isinstance(key, str):
                value = self.values.attribute(of, key)
            if value is None or (isinstance(value, Symbol) and value.module is None):
                default = call.args[2] if len(call.args) > 2 else None
                value = self.values.of(module, default, scope, cls) or value
            return value
        if (name in _COPIES or name.endswith(".fromkeys")) and len(call.args) == 1:
            value = self.values.of(module, call.args[0], scope, cls)
            return list(value) if name == "list" and isinstance(value, dict) else value
        default = self.values.of(module, call.keywords.get("default"), scope, cls)
        return default if isinstance(default, str | list) else None

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
        of = self.values.of(module, receiver, scope, cls)
        if not isinstance(of, str | dict | list):
            return None
        args = [self.values.of(module, arg, scope, cls) for arg in call.args]
        keywords = {
            key: self.values.of(module, arg, scope, cls) for key, arg in call.keywords.items()
        }
        if method == "format" and not is_written([*args, *keywords.values()]):
            return None
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
