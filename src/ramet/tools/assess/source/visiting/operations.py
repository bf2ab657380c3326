"""The shape in which one file's behaviour is kept: each scope as a list of operations.

Queries and behaviour are chains of names, attributes and calls (`Order.objects.filter(…).first()`),
so a scope is told as such chains in the order in which they are run, with everything else left out.
An operation may refer to an earlier one by its index. That is small enough to cache, and linking
evaluates it in one pass without recursion (`linking.queries.evaluation`).

An operand is what an operation works on:

- `None`: nothing that could matter here;
- an `int`: the result of the operation with this index;
- a `str`: a name;
- a list, told apart by its first item: `["'", line, text]` a text, `["f", line, *operands]` a text
  that is put together, `["[", *operands]` a list, tuple or set, `["{", key, value, …]` a dictionary
  whose key `None` stands for `**`, `["|", *operands]` whichever is known first,
  `["enumerate", operand]`, `["zip", *operands]`.

An operation is a list whose first item is one of the numbers below and whose second is the line.
"""

from typing import Any

import msgspec

__all__ = [
    "ANNOTATE",
    "ASSIGN",
    "ATTRIBUTE",
    "CALL",
    "CLASS",
    "DEFINE",
    "ELEMENT",
    "END_COMPREHENSION",
    "END_LATER",
    "END_WITH",
    "FOR",
    "FUNCTION",
    "IMPORT",
    "JOIN",
    "LATER",
    "MODULE",
    "RETURN",
    "START_COMPREHENSION",
    "UNPACK",
    "WITH",
    "Behaviour",
    "Operand",
    "Operation",
    "Scope",
]

Operand = Any
Operation = list[Any]

ATTRIBUTE = 0  # line, operand, "a.b.c"
CALL = 1  # line, operand, "a.b" or "", [operand, …], [name or None for **, operand, line, …]
ASSIGN = 2  # line, "name", "self.name" or "request.name", operand
FOR = 3  # line, target as in UNPACK or a name, operand iterated
WITH = 4  # line, operand, name or None
END_WITH = 5  # line
LATER = 6  # line: what follows is run when the transaction has been committed
END_LATER = 7  # line
RETURN = 8  # line, operand
ELEMENT = 9  # line, operand, and its key where that is a text
JOIN = 10  # line, operand, operand: `a | b`, `a + b`
DEFINE = 11  # line, name, index of the scope, [decorator, …], [base, …]
IMPORT = 12  # line, name, dotted name with the leading dots of a relative one
UNPACK = 13  # line, [name, None or a list as this one, …], operand
ANNOTATE = 14  # line, name, operand
START_COMPREHENSION = 15  # line, [name, …] that end with it
END_COMPREHENSION = 16  # line

MODULE, CLASS, FUNCTION = 0, 1, 2


class Scope(msgspec.Struct, array_like=True, gc=False):
    """A module, class or function. `parent` is the index of the scope that encloses it.

    `parameters` are pairs of a name and its annotation, the latter an operand made of names,
    `["[", …]` and texts alone, as `annotation` reads it.
    """

    kind: int
    name: str
    line: int
    parent: int
    parameters: list[Operand]
    returns: Operand
    operations: list[Operation]


class Behaviour(msgspec.Struct, array_like=True, gc=False):
    """What a file does. The first scope is the module.

    `imports` are lists of line, module (with leading dots where relative), imported names (empty
    for `import x`), and flags: 1 only for typing, 2 inside a function, 4 guarded by `try`.
    """

    scopes: list[Scope]
    imports: list[list[Any]]
