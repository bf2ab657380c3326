"""Fields that are given to a model from outside its class.

`add_to_class` and `contribute_to_class` do so, anywhere; so does a function which does it to a
model that it is given, and then its callers name the model: registries are often like that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ramet.tools.assess.linking.classes import Class
from ramet.tools.assess.linking.fields import Field
from ramet.tools.assess.linking.known.additions import known_additions
from ramet.tools.assess.linking.models import ModelClasses
from ramet.tools.assess.linking.names import Module, Symbol
from ramet.tools.assess.linking.values import Value
from ramet.tools.assess.linking.visible import CALLS
from ramet.tools.assess.source.extract import (
    Assign,
    Attribute,
    Call,
    ClassDef,
    Do,
    Expression,
    FunctionDef,
    Import,
    Name,
    Statement,
)

__all__ = ["find_additions"]

# A registry that calls a registry that calls a registry; none is deeper.
_ROUNDS = 4


def find_additions(modules: Iterable[Module], models: ModelClasses) -> list[str]:
    """Put the added fields where their models' own are asked for.

    Returns the paths of the modules that had a part in it: without the others it is the same.
    """
    additions = _Additions(models)
    additions.find(modules)
    return sorted(additions.parts)


class _Site(msgspec.Struct):
    """A call in a place. `function` and `cls` are those around it, `scope` the former's names."""

    module: Module
    call: Call
    function: FunctionDef | None
    cls: ClassDef | None
    scope: _Scope


class _Scope(Mapping[str, Value]):
    """What a function's own imports and `get_model` bind, valued as it is asked for."""

    def __init__(self, additions: _Additions, module: Module, outer: _Scope | None) -> None:
        self.additions = additions
        self.module = module
        self.statements: dict[str, Import | Assign] = {}
        self.values_: dict[str, Value] = {}
        if outer is not None:
            self.statements |= outer.statements

    def inner(self, function: FunctionDef) -> _Scope:
        """That of a function in this scope."""
        scope = _Scope(self.additions, self.module, self)
        for statement in function.body:
            if isinstance(statement, Import) and statement.alias:
                scope.statements[statement.alias] = statement
            elif isinstance(statement, Assign):
                scope.statements[statement.target] = statement
        return scope

    def __getitem__(self, name: str) -> Value:
        if name not in self.values_:
            statement = self.statements[name]
            self.values_[name] = None  # while it is valued
            self.values_[name] = (
                self.additions.values.names.imported(self.module, statement)
                if isinstance(statement, Import)
                else self.additions.value(self.module, statement.value, self)
            )
        return self.values_[name]

    def __contains__(self, name: object) -> bool:
        return name in self.statements

    def __iter__(self) -> Iterator[str]:
        return iter(self.statements)

    def __len__(self) -> int:
        return len(self.statements)


class _Addition(msgspec.Struct, frozen=True):
    """A field that a function gives to the model in one of its parameters."""

    parameter: str
    name: str
    site: _Site | None
    value: Expression
    known: tuple[str, str] = ("", "")


class _Additions:
    def __init__(self, models: ModelClasses) -> None:
        self.models = models
        self.classes = models.classes
        self.values = models.classes.values
        self.by_function: dict[int, list[_Addition]] = {}
        self.parts: set[str] = set()

    def find(self, modules: Iterable[Module]) -> None:
        sites: list[_Site] = []
        for module in modules:
            if not (module.is_test or module.is_migration):
                module.note(CALLS)
                scope = _Scope(self, module, None)
                sites.extend(self._sites(module, module.extract.body, None, None, scope))
        further = [site for site in sites if not self._direct(site)]
        for _ in range(_ROUNDS):
            before = sum(map(len, self.by_function.values()))
            if not before:
                return
            for site in further:
                self._handed_on(site)
            if sum(map(len, self.by_function.values())) == before:
                return

    def _sites(
        self,
        module: Module,
        statements: Iterable[Statement],
        function: FunctionDef | None,
        cls: ClassDef | None,
        scope: _Scope,
    ) -> Iterator[_Site]:
        for statement in statements:
            if isinstance(statement, Do):
                if isinstance(statement.value, Call):
                    yield _Site(module, statement.value, function, cls, scope)
            elif isinstance(statement, ClassDef):
                yield from self._sites(module, statement.body, function, statement, scope)
            elif isinstance(statement, FunctionDef) and any(
                isinstance(each, Do | FunctionDef | ClassDef) for each in statement.body
            ):
                module.note(statement.name)
                inner = scope.inner(statement)
                yield from self._sites(module, statement.body, statement, cls, inner)

    def value(self, module: Module, value: Expression, scope: Mapping[str, Value]) -> Value:
        """With `self.get_model("X")` of an AppConfig as the label of its own app's model."""
        if isinstance(value, Call) and value.function == Name("self.get_model"):
            name = next(iter([*value.args[:1], *value.keywords.values()]), None)
            app = self.models.apps.containing(module.name)
            return f"{app.label}.{name}" if app is not None and isinstance(name, str) else None
        return self.values.of(module, value, scope)

    def _direct(self, site: _Site) -> bool:
        """Whether a call adds a field itself; then it is put where it belongs."""
        call = site.call
        arguments = {**dict(zip(("name", "value"), call.args, strict=False)), **call.keywords}
        match call.function:
            case Name(dotted) if dotted.endswith(".add_to_class"):
                of: Expression = Name(dotted.rpartition(".")[0])
            case Attribute(of, "add_to_class"):
                pass
            case Attribute(value, "contribute_to_class") if len(call.args) > 1:
                of, arguments = call.args[0], {"name": call.args[1], "value": value}
            case _:
                return self._known(site)
        name, value = arguments.get("name"), arguments.get("value")
        if isinstance(name, str):
            self._add(site, of, _Addition("", name, site, value))
        return True

    def _known(self, site: _Site) -> bool:
        function = self._called(site)
        fields = known_additions(function.dotted) if function is not None else ()
        if not fields or not site.call.args:
            return False
        for name, kind, target in fields:
            self._add(site, site.call.args[0], _Addition("", name, None, None, (kind, target)))
        return True

    def _handed_on(self, site: _Site) -> None:
        function = self._called(site)
        if function is None or not isinstance(function.statement, FunctionDef):
            return
        statement = function.statement
        parameters = statement.parameters
        if parameters[:1] in (["self"], ["cls"]):
            parameters = parameters[1:]
        given = dict(zip(parameters, site.call.args, strict=False)) | site.call.keywords
        for addition in self.by_function.get(id(statement), ()):
            if addition.parameter in given:
                self._add(site, given[addition.parameter], addition)

    def _called(self, site: _Site) -> Symbol | None:
        if not isinstance(site.call.function, Name):
            return None
        dotted = site.call.function.dotted
        head, _, rest = dotted.partition(".")
        if head == "cls" and site.cls is not None and "." not in rest:
            dotted = f"{site.cls.name}.{rest}"
        elif head in site.scope:
            found = site.scope[head]
            for part in rest.split(".") if rest else ():
                found = self._member(found, part) if isinstance(found, Symbol) else None
            return found if isinstance(found, Symbol) else None
        of, _, name = dotted.rpartition(".")
        symbol = self.values.names.resolve(site.module, of or name)
        if not of or symbol is None:
            return symbol
        return self._member(symbol, name)

    def _member(self, symbol: Symbol, name: str) -> Symbol | None:
        if isinstance(symbol.statement, ClassDef) and symbol.module is not None:
            cls = self.classes.of_definition(symbol.module, symbol.statement)
            found = cls.attribute(name)
            if found is None or not isinstance(found[1], FunctionDef):
                return None
            return Symbol(f"{found[0].dotted}.{name}", found[0].module, found[1])
        return self.values.names.member(symbol, name)

    def _add(self, site: _Site, of: Expression, addition: _Addition) -> None:
        """Give the field to a model, or to the function in whose parameter the model will be."""
        function = site.function
        if (
            isinstance(of, Name)
            and function is not None
            and of.dotted not in site.scope
            and of.dotted in function.parameters
        ):
            handed = msgspec.structs.replace(addition, parameter=of.dotted)
            known = self.by_function.setdefault(id(function), [])
            if handed not in known:
                known.append(handed)
                self.parts.add(site.module.path)
            return
        cls = self.classes.of_value(self.value(site.module, of, site.scope))
        if cls is None and isinstance(of, Name):
            cls = self.classes.of_expression(site.module, of)
        if cls is None or cls.definition is None or not self.models.is_model(cls):
            return
        field = self._field(cls, addition, site)
        added = self.models.added.setdefault(cls, [])
        if field is not None and all(name != addition.name for name, _ in added):
            added.append((addition.name, field))
            self.parts.add(site.module.path)

    def _field(self, cls: Class, addition: _Addition, site: _Site) -> Field | None:
        line = site.call.line
        if addition.site is None:
            kind, target = addition.known
            return Field(addition.name, kind, cls, site.module.path, line, target=target)
        home = addition.site
        return self.models.fields.of_call(
            home.module, cls, addition.name, addition.value, home.call.line, scope=home.scope
        )
