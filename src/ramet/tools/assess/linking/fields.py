"""A class's attribute -> the relation field that it is, whoever's class of field that may be.

A field may be Django's own, a subclass in the project or in a package, what a function returns,
what `functools.partial` has prepared, or one of these in a wrapper. Its target may stand in the
call, or in the `__init__` of the field's class.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ramet.tools.assess.linking.classes import Class, Classes
from ramet.tools.assess.linking.known.fields import KnownField, known_field
from ramet.tools.assess.linking.names import Module, Symbol
from ramet.tools.assess.linking.values import Value, Values
from ramet.tools.assess.linking.visible import returns
from ramet.tools.assess.source.extract import (
    Assign,
    Attribute,
    Call,
    Choice,
    ClassDef,
    Do,
    Expression,
    FunctionDef,
    Import,
    Name,
    Starred,
)

__all__ = ["Field", "Fields"]


class Field(msgspec.Struct, frozen=True):
    """A field of a model. `kind` is that of an edge, or "plain" where it is no relation.

    `target` and `through` are values: a label or a bare name as a string, or a `Symbol` of a class.
    `owner` is the class that defines it, `path` and `line` the place. `is_tags`: a manager of
    django-taggit's, whose target stands in the model of its `through`.
    """

    name: str
    kind: str
    owner: Class
    path: str
    line: int
    target: Value = None
    through: Value = None
    options: Mapping[str, Value] = {}
    field_class: str = ""
    is_tags: bool = False

    @property
    def is_relation(self) -> bool:
        """Whether it relates two models."""
        return self.kind != "plain"

    def text(self, option: str) -> str | None:
        """A keyword argument that is a string, such as `related_name`."""
        value = self.options.get(option)
        return value if isinstance(value, str) else None


class _Made(msgspec.Struct):
    """A call that makes a field: the kind, its arguments by name or place, and its class."""

    known: KnownField | None
    field_class: str
    args: list[Value]
    keywords: dict[str, Value]


_OPTIONS = frozenset(
    ("related_name", "related_query_name", "parent_link", "to_field", "db_table", "symmetrical")
)


class Fields:
    """Recognises fields. A class of fields is looked at once."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self.values: Values = classes.values
        self._known: dict[str, KnownField | None] = {}

    def of(self, owner: Class, name: str, value: Expression, line: int) -> Field | None:
        """The field that an attribute is, None where it is none."""
        if owner.module is None:
            return None
        return self.of_call(owner.module, owner, name, value, line, cls=owner.definition)

    def of_call(
        self,
        module: Module,
        owner: Class,
        name: str,
        value: Expression,
        line: int,
        *,
        scope: Mapping[str, Value] | None = None,
        cls: ClassDef | None = None,
    ) -> Field | None:
        """The same of a field that is made in any module."""
        made = self._made(module, value, scope or {}, cls, 0)
        return self.field(owner, name, made, line, module) if made is not None else None

    def field(self, owner: Class, name: str, made: _Made, line: int, module: Module) -> Field:
        """The field of a call."""
        plain = Field(name, "plain", owner, module.path, line, field_class=made.field_class)
        if made.known is None:
            return plain
        keywords = made.keywords
        target: Value = made.args[0] if made.args else None
        target = keywords.get("to", target)
        if made.known.kind == "gfk":
            target = "*"
        elif made.known.through is not None:
            # Its first argument is a label for people; what it leads to stands in its through.
            target = None
        if target is None:
            target = made.known.target
        return msgspec.structs.replace(
            plain,
            kind=made.known.kind,
            is_tags=made.known.through is not None,
            target=target,
            through=keywords.get("through", made.known.through),
            options={key: keywords[key] for key in _OPTIONS if key in keywords},
        )

    def _made(
        self,
        module: Module,
        value: Expression,
        scope: Mapping[str, Value],
        cls: ClassDef | None,
        depth: int,
    ) -> _Made | None:
        if isinstance(value, Choice):
            for option in value.options:
                made = self._made(module, option, scope, cls, depth + 1)
                if made is not None:
                    return made
            return None
        if not isinstance(value, Call) or depth > 8:
            return None
        function = value.function
        if isinstance(function, Attribute):
            return self._method(module, value, function, scope, cls, depth)
        if not isinstance(function, Name):
            return None
        symbol = self._symbol(module, function.dotted, scope)
        if symbol is None:
            return None
        made = self._of_symbol(module, value, symbol, scope, cls, depth)
        return made or self._wrapped(module, value, scope, cls, depth)

    def _symbol(self, module: Module, dotted: str, scope: Mapping[str, Value]) -> Symbol | None:
        head, _, rest = dotted.partition(".")
        if head not in scope:
            return self.values.names.resolve(module, dotted)
        found = scope[head]
        for part in rest.split(".") if rest else ():
            found = self.values.names.member(found, part) if isinstance(found, Symbol) else None
        return found if isinstance(found, Symbol) else None

    def _of_symbol(
        self,
        module: Module,
        call: Call,
        symbol: Symbol,
        scope: Mapping[str, Value],
        cls: ClassDef | None,
        depth: int,
    ) -> _Made | None:
        statement = symbol.statement
        if isinstance(statement, FunctionDef) and symbol.module is not None:
            return self._returned(module, call, symbol.module, statement, scope, cls, depth)
        if isinstance(statement, Assign) and symbol.module is not None:
            return self._prepared(module, call, symbol.module, statement, scope, cls, depth)
        field_class = self.classes.of_symbol(symbol)
        if field_class is None or not _is_field(field_class):
            return None
        args, keywords = self._arguments(module, call, scope, cls)
        known = self._known_class(field_class)
        if known is not None:
            args, keywords = self._initialised(field_class, args, keywords)
        return _Made(known, field_class.dotted, args, keywords)

    def _arguments(
        self, module: Module, call: Call, scope: Mapping[str, Value], cls: ClassDef | None
    ) -> tuple[list[Value], dict[str, Value]]:
        args = [self._model(module, arg, scope, cls) for arg in call.args[:2]]
        keywords = {}
        for key, arg in call.keywords.items():
            if key in ("to", "through"):
                keywords[key] = self._model(module, arg, scope, cls)
            elif key in _OPTIONS:
                keywords[key] = self.values.of(module, arg, scope, cls)
            elif key == "**":
                spread = self.values.of(module, arg, scope, cls)
                if isinstance(spread, dict):
                    keywords |= spread
        return args, keywords

    def _model(
        self, module: Module, value: Expression, scope: Mapping[str, Value], cls: ClassDef | None
    ) -> Value:
        """A target's value; of a class that a call has made, the name that it is assigned to."""
        found = self.values.of(module, value, scope, cls)
        if found is None and isinstance(value, Name):
            symbol = self.values.names.resolve(module, value.dotted)
            if symbol is not None and isinstance(symbol.statement, Assign):
                return symbol
        return found

    def _known_class(self, field_class: Class) -> KnownField | None:
        """The nearest relation field that a class of fields inherits from."""
        if field_class.dotted not in self._known:
            found = None
            for each in field_class.mro:
                if each.module is None or not each.module.is_own:
                    found = known_field(each.dotted)
                    if found is not None:
                        break
            self._known[field_class.dotted] = found
        return self._known[field_class.dotted]

    def _initialised(
        self, field_class: Class, args: list[Value], keywords: dict[str, Value]
    ) -> tuple[list[Value], dict[str, Value]]:
        """The arguments, with those that the `__init__` of the field's class and its bases add."""
        for each in field_class.mro:
            init = each.bound("__init__")
            if not isinstance(init, FunctionDef) or each.module is None:
                continue
            scope = dict(zip(init.parameters[1:], args, strict=False)) | keywords
            for statement in init.body:
                if isinstance(statement, Import) and statement.alias:
                    scope[statement.alias] = self.values.names.imported(each.module, statement)
            given: dict[str, Value] = {}
            passed: list[Value] | None = None
            for statement in init.body:
                if isinstance(statement, Assign) and statement.target.startswith("kwargs["):
                    key = statement.target[len("kwargs[") : -1].strip("'\"")
                    given[key] = self.values.of(each.module, statement.value, scope)
                elif isinstance(statement, Do) and isinstance(statement.value, Call):
                    call = statement.value
                    name = _method_name(call)
                    if name == "kwargs.setdefault" and len(call.args) == 2:
                        key = self.values.of(each.module, call.args[0], scope)
                        if (
                            isinstance(key, str)
                            and key not in keywords
                            and not (key == "to" and args)
                        ):
                            given[key] = self.values.of(each.module, call.args[1], scope)
                    elif name == "__init__":
                        positional = [a for a in call.args if not _is_spread(a)]
                        if positional:
                            passed = [self.values.of(each.module, a, scope) for a in positional]
                        for key in ("to", "through", "related_name"):
                            if key in call.keywords:
                                given[key] = self.values.of(each.module, call.keywords[key], scope)
            keywords = keywords | {key: value for key, value in given.items() if value is not None}
            if passed and passed[0] is not None:
                args = passed
        return args, keywords

    def _returned(
        self,
        module: Module,
        call: Call,
        home: Module,
        function: FunctionDef,
        scope: Mapping[str, Value],
        cls: ClassDef | None,
        depth: int,
    ) -> _Made | None:
        """A function of the project that returns a field."""
        args = [self.values.of(module, arg, scope, cls) for arg in call.args]
        keywords = {
            key: self.values.of(module, arg, scope, cls)
            for key, arg in call.keywords.items()
            if key != "**"
        }
        inner = dict(zip(function.parameters, args, strict=False)) | keywords
        inner["kwargs"] = keywords
        home.note(returns(function.name))
        for returned in function.returns:
            made = self._made(home, returned, inner, None, depth + 1)
            if made is not None:
                return made
        return None

    def _prepared(
        self,
        module: Module,
        call: Call,
        home: Module,
        statement: Assign,
        scope: Mapping[str, Value],
        cls: ClassDef | None,
        depth: int,
    ) -> _Made | None:
        """`partial(ForeignKey, "app.Model")`, called again, or an alias of a field's class."""
        prepared = statement.value
        if not isinstance(prepared, Call) or not isinstance(prepared.function, Name):
            return None
        if prepared.function.dotted.rpartition(".")[2] != "partial" or not prepared.args:
            return None
        joined = Call(
            prepared.args[0],
            prepared.args[1:],
            prepared.keywords,
            call.line,
        )
        made = self._made(home, joined, {}, None, depth + 1)
        if made is None:
            return None
        args, keywords = self._arguments(module, call, scope, cls)
        return _Made(made.known, made.field_class, made.args + args, made.keywords | keywords)

    def _wrapped(
        self,
        module: Module,
        call: Call,
        scope: Mapping[str, Value],
        cls: ClassDef | None,
        depth: int,
    ) -> _Made | None:
        """`deprecated(models.ForeignKey(...))`: a call of anything around a relation field."""
        for argument in call.args[:1]:
            if isinstance(argument, Call):
                made = self._made(module, argument, scope, cls, depth + 1)
                if made is not None and made.known is not None:
                    return made
        return None

    def _method(
        self,
        module: Module,
        call: Call,
        function: Attribute,
        scope: Mapping[str, Value],
        cls: ClassDef | None,
        depth: int,
    ) -> _Made | None:
        """`models.ForeignKey(...).configure()`: the field before the dot."""
        return self._made(module, function.of, scope, cls, depth + 1)


_FIELD_MODULES = (
    "django.db.models",
    "django.contrib.gis.db",
    "django.contrib.contenttypes.fields",
    "django.contrib.contenttypes.generic",  # before Django 1.9
    "django.contrib.postgres.fields",
)


def _is_field(cls: Class) -> bool:
    for each in cls.mro:
        if each.definition is not None:
            continue
        dotted = each.dotted
        if dotted.startswith(_FIELD_MODULES):
            return True
        if dotted.startswith("django."):
            continue
        if known_field(dotted) is not None:
            return True
        name = each.name
        if name.endswith("Field") and ".forms" not in dotted and "serializer" not in dotted:
            return True
    return False


def _method_name(call: Call) -> str:
    if isinstance(call.function, Name):
        return call.function.dotted
    if isinstance(call.function, Attribute):
        return call.function.name
    return ""


def _is_spread(argument: Expression) -> bool:
    return isinstance(argument, Starred)
