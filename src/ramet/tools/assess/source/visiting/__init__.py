"""A file's syntax tree -> what it does, in a shape small enough to keep."""

from __future__ import annotations

import ast

from ramet.tools.assess.source.visiting.operations import Behaviour, Scope
from ramet.tools.assess.source.visiting.statements import Statements

__all__ = ["Behaviour", "Scope", "visit"]


def visit(tree: ast.Module) -> Behaviour:
    """What the module does: its scopes, their operations and its imports."""
    return Statements(tree).read()
