"""A file's syntax tree -> what it does, in a shape small enough to keep."""

from __future__ import annotations

import ast

__all__ = ["visit"]


def visit(tree: ast.Module) -> object:
    """What the module does, as msgspec can encode it."""
    return None
