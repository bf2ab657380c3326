"""What is known of a project's names while behaviour is linked: values, members, managers.

Everything here is decided by the outside of files (`source.extract`), so that one file's behaviour
can be linked, and its result kept, without that of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ramet.tools.assess.linking.asked import Answers, Work
from ramet.tools.assess.linking.classes import Class, Classes
from ramet.tools.assess.linking.names import ANY, Module, Names, Symbol
from ramet.tools.assess.linking.queries.labels import Labels
from ramet.tools.assess.linking.queries.outside import Outside
from ramet.tools.assess.linking.queries.owners import KnownModel, Owners
from ramet.tools.assess.linking.queries.relations import Relations
from ramet.tools.assess.linking.queries.values import (
    ClassRef,
    External,
    ExternalCall,
    FunctionRef,
    ModelClass,
    ModelInstance,
    ModuleRef,
    Records,
    SettingsValue,
    SuperOf,
    Value,
)
from ramet.tools.assess.linking.visible import ALL, returns
from ramet.tools.assess.source.extract import Assign, Call, ClassDef, Expression, FunctionDef, Name

if TYPE_CHECKING:
    from ramet.tools.assess.linking.queries.evaluation import Evaluation

__all__ = ["Knowledge"]

_DEEPEST = 12
_PROPERTIES = frozenset(("property", "cached_property", "classproperty"))


class Knowledge:
    """Names, classes and models of one project. `evaluation` must be set before it is asked."""

    evaluation: Evaluation

    def __init__(
        self,
        names: Names,
        classes: Classes,
        models: Iterable[KnownModel],
        relations: Relations,
        settings: Mapping[str, object],
    ) -> None:
        self.relations = relations
        self.user_model = str(settings.get("AUTH_USER_MODEL") or "auth.User")
        self._names = names
        self.asked = names.asked
        self._make_class = classes
        self._settings = settings
        self.labels = Labels(models, names.asked)
        self._classes: dict[str, Class] = {}
        self._functions: dict[str, tuple[Module, FunctionDef]] = {}
        self._values: Answers[tuple[str, str], Value] = {}
        self._symbols: Answers[str, Value] = {}
        self._members: Answers[tuple[str, str], Value] = {}
        self._returned: Answers[tuple[str, Value], Value] = {}
        self._externals: dict[str, list[str]] = {}
        self.owners = Owners(self, self.labels.models)
        self._depth = 0
        self._outside = Outside(self)
        self._of_self: dict[tuple[str, str], Value] = {}
        self._told: dict[str, str] = {}
        self._of_request: dict[str, Value] = {}
        self._is_middleware = True
        self._middleware: Work = Work(names.asked)
        self._by_last: dict[str, list[Module]] | None = None

    def setting(self, name: str) -> object:
        return self._settings.get(name)

    # Names

    def value(self, module: Module | str, name: str) -> Value:
        """What `name` is in the scope of a module of the project."""
        if isinstance(module, str):
            found = self._names.find(module)
            if found is None:
                return None
            module = found
        return self.asked.once(self._values, (module.path, name), None, self._value, module, name)

    def _value(self, module: Module, name: str) -> Value:
        symbol = self._names.lookup(module, name)
        return self.of_symbol(symbol) if symbol is not None else None

    def imported(self, module: Module, dotted: str) -> Value:
        """What an import inside a function binds. Leading dots are relative to `module`."""
        absolute = self._names.absolute(module, dotted)
        symbol = self._names.locate(absolute, module)
        return self.of_symbol(symbol) if symbol is not None else self.external(absolute)

    def absolute(self, module: Module, name: str) -> str:
        """The absolute name of a module that an import names."""
        return self._names.absolute(module, name)

    def located(self, path: str) -> Value:
        """What an absolute dotted path of the project leads to."""
        symbol = self._names.locate(path)
        if symbol is None or symbol.module is None or not symbol.module.is_own:
            return None
        return self.of_symbol(symbol)

    def loaded(self, module: str, name: str) -> Value:
        """What a loader finds that is given `app.module` and a name, where there is only one."""
        self.asked.note(*ANY)
        if self._by_last is None:
            self._by_last = {}
            for dotted, modules in self._names.modules.items():
                self._by_last.setdefault(dotted.rpartition(".")[2], []).extend(modules)
        found = {
            symbol.dotted: symbol
            for each in self._by_last.get(module.rpartition(".")[2], ())
            if f".{each.name}".endswith(f".{module}")
            and (symbol := self._names.lookup(each, name)) is not None
            and symbol.module is not None
        }
        return self.of_symbol(found.popitem()[1]) if len(found) == 1 else None

    def external(self, dotted: str) -> Value:
        """Something that was imported from outside of the project."""
        label = self.labels.of_class(dotted)
        if label is not None:
            return ModelClass(label)
        if dotted == "django.conf.settings":
            return SettingsValue("")
        before, _, name = dotted.rpartition(".")
        if before.endswith(".models"):
            label = f"{before.split('.')[-2]}.{name}"
            model = self.labels.model(label)
            if model is not None and not model.is_own:
                return ModelClass(label)
        return External(dotted)

    def of_symbol(self, symbol: Symbol) -> Value:
        """The value of a symbol."""
        return self.asked.once(self._symbols, symbol.dotted, None, self._of_symbol, symbol)

    def _of_symbol(self, symbol: Symbol) -> Value:
        module, statement = symbol.module, symbol.statement
        if module is None:
            return self.external(symbol.dotted)
        if isinstance(statement, ClassDef):
            return self.of_class(self._make_class.of_definition(module, statement))
        if not module.is_own:
            return self.external(symbol.dotted)
        if statement is None:
            return ModuleRef(module.name)
        if isinstance(statement, FunctionDef):
            return self._function(symbol.dotted, module, statement)
        value = self.guarded(module, statement)
        if isinstance(value, ExternalCall):
            return replace(value, where=symbol.dotted)
        return value

    def guarded(self, module: Module, statement: Assign) -> Value:
        """What was assigned, unless that leads too deep."""
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._outside.value(module, statement.value, {})
        finally:
            self._depth -= 1

    def of_class(self, found: Class) -> Value:
        label = self.labels.of_class(found.dotted)
        if label is not None:
            return ModelClass(label)
        if found.module is None or not found.module.is_own:
            return self.external(found.dotted)
        self._classes.setdefault(found.dotted, found)
        return ClassRef(found.dotted)

    def _function(self, dotted: str, module: Module, statement: FunctionDef) -> FunctionRef:
        self._functions.setdefault(dotted, (module, statement))
        return FunctionRef(dotted)

    # Classes

    def class_named(self, module: Module, name: str) -> Class | None:
        """The class with this qualified name in a module."""
        symbol = self._names.resolve(module, name)
        if symbol is None or not isinstance(symbol.statement, ClassDef) or symbol.module is None:
            return None
        found = self._make_class.of_definition(symbol.module, symbol.statement)
        self._classes.setdefault(found.dotted, found)
        return found

    def class_at(self, dotted: str) -> Class | None:
        """The class with that dotted name."""
        found = self._classes.get(dotted)
        if found is None:
            symbol = self._names.locate(dotted)
            if symbol is None or symbol.module is None:
                return None
            if not isinstance(symbol.statement, ClassDef):
                return None
            found = self._make_class.of_definition(symbol.module, symbol.statement)
            self._classes[dotted] = found
        self._make_class.give(found)
        return found

    def externals(self, dotted: str) -> list[str]:
        """The names of all bases that are not the project's."""
        found = self.class_at(dotted)
        names = self._externals.get(dotted)
        if names is None:
            names = self._externals[dotted] = [
                base.dotted
                for base in (found.mro if found is not None else ())
                if base.module is None or not base.module.is_own
            ]
        return names

    def member(self, dotted: str, name: str) -> Value:
        """What a class or one of the project's classes among its bases has under `name`."""
        return self.asked.once(self._members, (dotted, name), None, self._find_member, dotted, name)

    def _find_member(self, dotted: str, name: str) -> Value:
        found = self.class_at(dotted)
        place = found.attribute(name) if found is not None else None
        if place is None:
            return None
        owner, statement = place
        if owner.module is None or not owner.module.is_own:
            return None
        if isinstance(statement, FunctionDef):
            return self._function(f"{owner.dotted}.{name}", owner.module, statement)
        if isinstance(statement, ClassDef):
            return self.of_class(self._make_class.of_definition(owner.module, statement))
        return self.guarded(owner.module, statement)

    def method(self, dotted: str, name: str) -> str | None:
        """The dotted name of a method, where a class of the project defines it."""
        member = self.member(dotted, name)
        return member.dotted if isinstance(member, FunctionRef) else None

    def method_after(self, after: str, dotted: str | None, name: str) -> str | None:
        """What `super().name` is in a method of the class `after`, for an instance of `dotted`."""
        found = self.class_at(dotted or after)
        is_after = False
        for owner in found.mro if found is not None else ():
            if is_after and owner.module is not None and owner.module.is_own:
                statement = owner.bound(name)
                if isinstance(statement, FunctionDef):
                    function = f"{owner.dotted}.{name}"
                    return self._function(function, owner.module, statement).dotted
            is_after = is_after or owner.dotted == after
        return None

    def registered(self, dotted: str) -> Value:
        """The model that an admin class is registered for: by its decorator, or told so."""
        if dotted in self._told:
            return ModelClass(self._told[dotted])
        found = self.class_at(dotted)
        if found is None or found.definition is None or found.module is None:
            return None
        for decorator in found.definition.decorators:
            if (
                isinstance(decorator, Call)
                and isinstance(decorator.function, Name)
                and decorator.function.dotted.endswith("register")
                and decorator.args
            ):
                return self._outside.value(found.module, decorator.args[0], {})
        return None

    # Functions

    def is_property(self, dotted: str) -> bool:
        return any(
            isinstance(each, Name) and each.dotted.rpartition(".")[2] in _PROPERTIES
            for each in self._decorators(dotted)
        )

    def is_static(self, dotted: str) -> bool:
        return Name("staticmethod") in self._decorators(dotted)

    def _decorators(self, dotted: str) -> list[Expression]:
        known = self._functions.get(dotted)
        if known is None:
            return []
        module, function = known
        module.note(function.name)
        return function.decorators

    def returned(self, dotted: str, owner: Value) -> Value:
        """What a function gives, called on `owner` where it is a method."""
        key = (dotted, owner)
        if key not in self._returned and (dotted not in self._functions or self._depth > _DEEPEST):
            return None
        return self.asked.once(self._returned, key, None, self._find_returned, dotted, owner)

    def _find_returned(self, dotted: str, owner: Value) -> Value:
        module, function = self._functions[dotted]
        module.note(returns(function.name))
        scope: dict[str, Value] = dict.fromkeys(function.parameters)
        if owner is not None and function.parameters:
            scope[function.parameters[0]] = owner
            scope["super"] = SuperOf(dotted.rpartition(".")[0], owner)
        self._depth += 1
        try:
            for expression in function.returns:
                value = self._outside.value(module, expression, scope)
                if value is not None:
                    return value
        finally:
            self._depth -= 1
        return None

    # One file

    def start_file(self) -> None:
        """Forget what was worked out for another file, with what only its functions told.

        What is asked for first may be answered otherwise than later: of functions that return each
        other, of what is nested too deep. So each file asks anew, and finds the same whichever
        files are linked before it, or are not.
        """
        for answers in (self._values, self._symbols, self._members, self._returned):
            answers.clear()
        self.owners.forget()
        self.evaluation.frameworks.forget()
        self._of_self.clear()
        self._told.clear()

    def tell_subject(self, dotted: str, label: str) -> None:
        """`admin.site.register(Order, OrderAdmin)`."""
        self._told.setdefault(dotted, label)

    def attribute_of_self(self, dotted: str, name: str) -> Value:
        """What a method of the class assigned to `self.name`."""
        return self._of_self.get((dotted, name))

    def attribute_of_request(self, name: str) -> Value:
        """What middleware assigns to `request.name`."""
        self.asked.now.add(self._middleware)
        return self._of_request.get(name)

    def set_of_request(self, name: str, value: Value) -> None:
        if self._is_middleware and isinstance(value, ModelInstance | Records):
            self._of_request.setdefault(name, value)

    @contextmanager
    def middleware(self, modules: Iterable[Module]) -> Iterator[None]:
        """Where it is linked. After that, files do not depend on each other's functions."""
        with self._middleware:
            for module in modules:
                module.note(ALL)
            yield
        self._is_middleware = False

    def set_of_self(self, dotted: str, name: str, value: Value) -> None:
        if value is not None:
            self._of_self.setdefault((dotted, name), value)
