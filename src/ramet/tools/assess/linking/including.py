"""Settings in several files, as django-split-settings includes them -> the modules in their order.

`include("components/*.py", optional("local.py"))` runs files that lie beside the module, by name or
pattern (https://django-split-settings.readthedocs.io), as if they stood in its place. Of a pattern
that depends on the environment every file counts that it may be.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from ramet.tools.assess.linking.names import Module, Names
from ramet.tools.assess.linking.values import Value
from ramet.tools.assess.source.extract import (
    Assign,
    Attribute,
    Call,
    Choice,
    Expression,
    Items,
    Join,
    Name,
    Operation,
    Starred,
)

__all__ = ["included"]

_TOOLS = "split_settings.tools"
_ANY = "*"
_DEEPEST = 10


def included(
    names: Names, module: Module, call: Call, value_of: Callable[[Expression], Value]
) -> Iterator[Module]:
    """The project's modules that a call includes, none where it is another call.

    `value_of` evaluates where the call stands.
    """
    if not _is_named(names, module, call.function, "include"):
        return
    by_path = {each.path: each for modules in names.modules.values() for each in modules}
    paths = [(path, path.split("/")) for path in sorted(by_path)]
    folder = module.path.rpartition("/")[0]
    for argument in call.args:
        for pattern in _patterns(names, module, argument, value_of):
            wanted = posixpath.normpath(posixpath.join(folder, pattern)).split("/")
            yield from (by_path[path] for path, parts in paths if _matches(parts, wanted))


def _is_named(names: Names, module: Module, function: Expression, name: str) -> bool:
    symbol = names.resolve(module, function.dotted) if isinstance(function, Name) else None
    return symbol is not None and symbol.dotted == f"{_TOOLS}.{name}"


def _matches(path: list[str], wanted: list[str]) -> bool:
    return len(path) == len(wanted) and all(map(fnmatchcase, path, wanted))


def _patterns(
    names: Names,
    module: Module,
    expression: Expression,
    value_of: Callable[[Expression], Value],
    depth: int = 0,
) -> Iterator[str]:
    """The paths that an argument is, with a star where a part is not known."""
    inner: list[Expression] = []
    match expression:
        case Name(dotted):
            assigned = [each for each in module.bindings.get(dotted, ()) if type(each) is Assign]
            inner = [each.value for each in assigned[-1:]]
        case Items(inner) | Choice(inner):
            pass
        case Starred(of):
            inner = [of]
        case Call(function, [first, *_]) if _is_named(names, module, function, "optional"):
            inner = [first]
    if not inner:
        value = value_of(expression)
        if isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))
        elif (spelled := _spelled(expression, value_of)) != _ANY:
            yield spelled
    elif depth < _DEEPEST:
        for each in inner:
            yield from _patterns(names, module, each, value_of, depth + 1)


def _spelled(expression: Expression, value_of: Callable[[Expression], Value]) -> str:
    value = value_of(expression)
    if isinstance(value, str | int):
        return str(value)
    match expression:
        case Operation("+", left, right):
            return _spelled(left, value_of) + _spelled(right, value_of)
        case Operation("%", str(text), _):
            return re.sub(r"%(\(\w+\))?s", _ANY, text)
        case Join(parts):
            return "".join(_spelled(part, value_of) for part in parts)
        case Call(Attribute(str(text), "format")):
            return re.sub(r"\{[^{}]*\}", _ANY, text)
    return _ANY
