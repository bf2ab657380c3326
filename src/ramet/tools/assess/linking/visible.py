"""What others can see of a file, fact by fact, so that two states of it can be compared.

Lines are no part of it, and what nobody could resolve is all the same.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ramet.tools.assess.source.extract import (
    Assign,
    ClassDef,
    Extract,
    FunctionDef,
    Import,
    Statement,
)

__all__ = ["ALL", "CALLS", "IMPORTS", "ORDER", "STARS", "changes", "members", "returns"]

ALL = ""
"""The fact that is another after any change of a file's content."""

STARS = "*"
"""A module's star imports."""

IMPORTS = "import"
"""All imports of a module that are made in its own scope."""

ORDER = "<"
"""The order of what was there before and still is: of two models of one table the last is taken."""

CALLS = "()"
"""All calls in a module that stand alone, such as those that give a model a field."""


def members(name: str) -> str:
    """The fact that is all that a class binds; a name in it is `Class.name`."""
    return f"{name}.*"


def returns(name: str) -> str:
    """The fact that is what a function returns."""
    return f"{name}()"


def changes(before: Extract, after: Extract) -> set[str]:
    """The facts that are others."""
    old, new = _facts(before), _facts(after)
    others = {ALL, *(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))}
    if [name for name in old if name in new] != [name for name in new if name in old]:
        others.add(ORDER)
    return others


def _facts(extract: Extract) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    _add(found, extract.body, "")
    for statement in extract.body:
        if isinstance(statement, Import):
            found.setdefault(IMPORTS, []).append(_bare(statement))
    return found


def _add(found: dict[str, list[object]], statements: Iterable[Statement], within: str) -> None:
    for statement in statements:
        if isinstance(statement, ClassDef):
            name = statement.name
            found.setdefault(name, []).append(_head(statement))
            found.setdefault(members(name), []).append(_bare(statement.body))
            _add(found, statement.body, f"{name}.")
        elif isinstance(statement, FunctionDef):
            name = statement.name
            found.setdefault(name, []).append(_bare(statement))
            found.setdefault(returns(name), []).append(_bare(statement.returns))
            _add(found, statement.body, f"{name}.")
        elif isinstance(statement, Assign):
            found.setdefault(within + statement.target, []).append(_bare(statement))
        elif isinstance(statement, Import):
            name = STARS if statement.name == "*" else statement.alias
            found.setdefault(within + name, []).append(_bare(statement))
        else:
            found.setdefault(CALLS, []).append((within, _bare(statement)))


def _head(cls: ClassDef) -> object:
    return _bare([cls.bases, cls.keywords, cls.decorators, cls.is_conditional])


# Lines, and what a function returns, which is a fact of its own.
_LEFT_OUT = frozenset(("line", "end_line", "returns"))


def _bare(node: object) -> object:
    """What can be compared with a node of another state of the file."""
    if isinstance(node, msgspec.Struct):
        fields = (name for name in node.__struct_fields__ if name not in _LEFT_OUT)
        return (type(node), *(_bare(getattr(node, name)) for name in fields))
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if isinstance(node, dict):
        return [(key, _bare(each)) for key, each in node.items()]
    return type(node), node  # for True is 1 to Python
