"""Statements -> operations, and the scopes that they open."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from ramet.tools.assess.source.visiting.expressions import Expressions, names_of
from ramet.tools.assess.source.visiting.operations import (
    ANNOTATE,
    ASSIGN,
    CLASS,
    DEFINE,
    END_WITH,
    FOR,
    FUNCTION,
    IMPORT,
    JOIN,
    MODULE,
    RETURN,
    UNPACK,
    WITH,
    Behaviour,
    Operand,
    Scope,
)

__all__ = ["Statements", "annotation"]

FOR_TYPING, DEFERRED, GUARDED = 1, 2, 4

# Operations on the schema, which the models tell better. The others may run code or SQL.
_SCHEMA = frozenset(
    (
        "CreateModel",
        "DeleteModel",
        "RenameModel",
        "AlterModelTable",
        "AlterModelTableComment",
        "AlterUniqueTogether",
        "AlterIndexTogether",
        "AlterOrderWithRespectTo",
        "AlterModelOptions",
        "AlterModelManagers",
        "AddField",
        "RemoveField",
        "AlterField",
        "RenameField",
        "AddIndex",
        "RemoveIndex",
        "RenameIndex",
        "AddConstraint",
        "RemoveConstraint",
        "AlterConstraint",
    )
)


def annotation(node: ast.expr | None) -> Operand:
    """A type annotation as dotted names and lists: `list[Order | None]` is `["[", "list", …]`."""
    if node is None:
        return None
    kind = node.__class__
    if kind is ast.Name:
        return node.id  # type: ignore[attr-defined]
    if isinstance(node, ast.Attribute):
        base = annotation(node.value)
        return f"{base}.{node.attr}" if isinstance(base, str) else None
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, str) or not node.value or len(node.value) > 200:
            return None
        try:
            return annotation(ast.parse(node.value, mode="eval").body)
        except (SyntaxError, ValueError):
            return None
    if isinstance(node, ast.Subscript):
        base = annotation(node.value)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return ["[", base, *map(annotation, inner)] if isinstance(base, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return ["|", annotation(node.left), annotation(node.right)]
    return None


class Statements(Expressions):
    """Reads the statements of a module into `behaviour`."""

    def __init__(self, tree: ast.Module) -> None:
        super().__init__()
        self.behaviour = Behaviour([Scope(MODULE, "", 0, -1, [], None, self.operations)], [])
        self._scope = 0
        self._kind = MODULE
        self._flags = 0
        self._tree = tree
        self._statements: dict[type[ast.AST], Callable[[Any], None]] = {
            ast.AnnAssign: self._annotated,
            ast.Assign: self._assign,
            ast.AsyncFor: self._for,
            ast.AsyncFunctionDef: self._function,
            ast.AsyncWith: self._with,
            ast.AugAssign: self._augmented,
            ast.ClassDef: self._class,
            ast.Expr: self._expression,
            ast.For: self._for,
            ast.FunctionDef: self._function,
            ast.If: self._if,
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Match: self._match,
            ast.Return: self._return,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.While: self._if,
            ast.With: self._with,
        }

    def read(self) -> Behaviour:
        """What the module does; once only."""
        self._body(self._tree.body)
        # The tables hold methods of this very object. With this circle the tree would stay until
        # garbage is collected, and a scan collects none.
        self._readers.clear()
        self._statements.clear()
        return self.behaviour

    def _body(self, statements: Iterable[ast.stmt]) -> None:
        readers = self._statements
        for statement in statements:
            reader = readers.get(statement.__class__)
            if reader is not None:
                reader(statement)
            else:
                self._effects(statement)

    def _expression(self, node: ast.Expr) -> None:
        if node.value.__class__ is not ast.Constant:
            self.value(node.value)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            operand = self.value(node.value)
            if operand is not None:
                self._add([RETURN, node.lineno, operand])

    def _assign(self, node: ast.Assign) -> None:
        operand = self.value(node.value)
        for target in node.targets:
            self._bind(target, operand, node.lineno)

    def _bind(self, target: ast.expr, operand: Operand, line: int) -> None:
        if isinstance(target, ast.Name):
            self._add([ASSIGN, line, target.id, operand])
        elif isinstance(target, ast.Attribute):
            owner = target.value
            if isinstance(owner, ast.Name):
                if operand is not None and owner.id in ("self", "cls", "request"):
                    self._add([ASSIGN, line, f"{owner.id}.{target.attr}", operand])
            else:
                self.value(owner)
        elif isinstance(target, ast.Tuple | ast.List):
            self._add([UNPACK, line, names_of(target), operand])
            for item in target.elts:
                if isinstance(item, ast.Attribute):
                    self._bind(item, None, line)
        else:
            self._effects(target)

    def _annotated(self, node: ast.AnnAssign) -> None:
        operand = self.value(node.value) if node.value is not None else None
        self._bind(node.target, operand, node.lineno)
        if isinstance(node.target, ast.Name):
            told = annotation(node.annotation)
            if told is not None:
                self._add([ANNOTATE, node.lineno, node.target.id, told])

    def _augmented(self, node: ast.AugAssign) -> None:
        operand = self.value(node.value)
        target = node.target
        if isinstance(target, ast.Name):
            joined = self._add([JOIN, node.lineno, target.id, operand])
            self._add([ASSIGN, node.lineno, target.id, joined])
        else:
            self._bind(target, None, node.lineno)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        operand = self.value(node.iter)
        self._add([FOR, node.lineno, names_of(node.target), operand])
        self._body(node.body)
        self._body(node.orelse)

    def _if(self, node: ast.If | ast.While) -> None:
        test = node.test
        named = getattr(test, "attr", None) or getattr(test, "id", None)
        if named == "TYPE_CHECKING":
            flags, self._flags = self._flags, self._flags | FOR_TYPING
            self._body(node.body)
            self._flags = flags
        else:
            self.value(test)
            self._body(node.body)
        self._body(node.orelse)

    def _try(self, node: Any) -> None:
        flags, self._flags = self._flags, self._flags | GUARDED
        self._body(node.body)
        for handler in node.handlers:
            self._body(handler.body)
        self._flags = flags
        self._body(node.orelse)
        self._body(node.finalbody)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            operand = self.value(item.context_expr)
            named = item.optional_vars
            name = named.id if isinstance(named, ast.Name) else None
            self._add([WITH, item.context_expr.lineno, operand, name])
        self._body(node.body)
        for _ in node.items:
            self._add([END_WITH, node.end_lineno])

    def _match(self, node: ast.Match) -> None:
        self.value(node.subject)
        for case in node.cases:
            self._body(case.body)

    def _import(self, node: ast.Import) -> None:
        for name in node.names:
            self.behaviour.imports.append([node.lineno, name.name, [], self._how_imported()])
            if self._kind == FUNCTION:
                bound = name.asname or name.name.partition(".")[0]
                dotted = name.name if name.asname else bound
                self._add([IMPORT, node.lineno, bound, dotted])

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        names = [name.name for name in node.names]
        self.behaviour.imports.append([node.lineno, module, names, self._how_imported()])
        if self._kind == FUNCTION:
            for name in node.names:
                separator = "" if module.endswith(".") else "."
                dotted = f"{module}{separator}{name.name}"
                self._add([IMPORT, node.lineno, name.asname or name.name, dotted])

    def _how_imported(self) -> int:
        return self._flags | (DEFERRED if self._kind == FUNCTION else 0)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = node.args
        parameters: list[Operand] = []
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            parameters += (argument.arg, annotation(argument.annotation))
        self._open(node, FUNCTION, [], parameters, annotation(node.returns))

    def _class(self, node: ast.ClassDef) -> None:
        bases = [self.value(base) for base in node.bases]
        self._open(node, CLASS, bases, [], None)

    def _open(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
        kind: int,
        bases: list[Operand],
        parameters: list[Operand],
        returns: Operand,
    ) -> None:
        scopes = self.behaviour.scopes
        decorators = [self.value(decorator) for decorator in node.decorator_list]
        index = len(scopes)
        outer, outer_kind, outer_operations = self._scope, self._kind, self.operations
        outer_operations.append([DEFINE, node.lineno, node.name, index, decorators, bases])
        outer_name = scopes[outer].name
        name = f"{outer_name}.{node.name}" if outer_name else node.name
        self.operations = []
        scopes.append(Scope(kind, name, node.lineno, outer, parameters, returns, self.operations))
        self._scope, self._kind = index, kind
        if kind == CLASS and node.name == "Migration" and outer_kind == MODULE:
            self._migration(node.body)
        else:
            self._body(node.body)
        self._scope, self._kind, self.operations = outer, outer_kind, outer_operations

    def _migration(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if (
                isinstance(statement, ast.Assign)
                and isinstance(statement.targets[0], ast.Name)
                and statement.targets[0].id == "operations"
                and isinstance(statement.value, ast.List)
            ):
                for item in statement.value.elts:
                    if not self._changes_schema(item):
                        self.value(item)
            else:
                self._body([statement])

    def _changes_schema(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Call):
            return False
        named = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        return named in _SCHEMA
