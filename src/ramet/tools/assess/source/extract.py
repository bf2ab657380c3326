"""What one file says by itself: the shape that is cached, and that everything else is linked from.

A file is parsed once in its life. What is kept of it is small, refers to other files by the names
that it uses for them, and is decided by its content alone, so that it stays good in whatever
project or folder the file is found again.

`Extract` has two halves. `body` is the file's outside: imports, classes with their attributes,
assignments and calls of the module, functions without what is in them. Linking needs this half of
every file. `behaviour` is the functions' inside, kept encoded, because it is read of those files
alone that must be linked again. What of the first half has changed is told by `linking.visible`.

Expressions are kept as far as they can be resolved later. A literal stands for itself; what no
reader of source could know (a lambda, a slice) is `Unknown`.
"""

from __future__ import annotations

import msgspec

from ramet.tools.assess.facts import GapKind

__all__ = [
    "Assign",
    "Attribute",
    "Call",
    "Choice",
    "ClassDef",
    "Do",
    "Each",
    "Expression",
    "Extract",
    "FunctionDef",
    "Import",
    "Item",
    "Items",
    "Join",
    "Name",
    "Operation",
    "Pairs",
    "Starred",
    "Statement",
    "Unknown",
]


class _Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    pass


class Name(_Node, frozen=True, tag="n"):
    """`a` or `a.b.c`, as written."""

    dotted: str


class Call(_Node, frozen=True, tag="c"):
    """`function(*args, **keywords)`. A `**mapping` has the keyword `**`."""

    function: Expression
    args: list[Expression]
    keywords: dict[str, Expression]
    line: int


class Attribute(_Node, frozen=True, tag="a"):
    """`of.name`, where `of` is no plain name: `get_user_model().objects`."""

    of: Expression
    name: str


class Item(_Node, frozen=True, tag="i"):
    """`of[key]`."""

    of: Expression
    key: Expression


class Items(_Node, frozen=True, tag="l"):
    """A list, tuple or set."""

    items: list[Expression]


class Starred(_Node, frozen=True, tag="s"):
    """`*of` within items or arguments."""

    of: Expression


class Pairs(_Node, frozen=True, tag="d"):
    """A dict. The key of a `**mapping` is None."""

    keys: list[Expression]
    values: list[Expression]


class Operation(_Node, frozen=True, tag="o"):
    """`left operator right`, with the operator as in source: `+`, `%`, `|`, `&`, `/`..."""

    operator: str
    left: Expression
    right: Expression


class Choice(_Node, frozen=True, tag="?"):
    """One of several: `a if test else b`, `a or b`, `a and b`."""

    options: list[Expression]


class Join(_Node, frozen=True, tag="f"):
    """An f-string: its literal parts and the expressions between them, in order."""

    parts: list[Expression]


class Each(_Node, frozen=True, tag="e"):
    """A list, set or generator comprehension over one iterable: `[element for target in of]`."""

    element: Expression
    target: str
    of: Expression


class Unknown(_Node, frozen=True, tag="u"):
    """What cannot be resolved from source."""

    line: int


Expression = (
    None
    | bool
    | int
    | float
    | str
    | Name
    | Call
    | Attribute
    | Item
    | Items
    | Starred
    | Pairs
    | Operation
    | Choice
    | Join
    | Each
    | Unknown
)


class Import(_Node, frozen=True, tag="I"):
    """One name that an import binds.

    `import a.b as c` has module `a.b`, name "", alias `c`; without `as` the alias is `a`.
    `from ..a import b as c` has module `..a`, name `b`, alias `c`. A star has the name `*` and no
    alias. `is_typing`: under `if TYPE_CHECKING`. `function`: in the body of which function it
    stands, as a qualified name, "" for none.
    """

    module: str
    name: str
    alias: str
    line: int
    is_typing: bool = False
    is_conditional: bool = False
    function: str = ""


class Assign(_Node, frozen=True, tag="A"):
    """`target = value`, one for each target. `a.b = 1` has the target `a.b`, `a += 1` operator `+`.

    Annotations alone (`a: int`) are left out. `is_conditional`: under an if, a try or a loop, so
    that what was bound before may still hold. `flag` is what the nearest `if` tests, where that is
    a name or a call, and `is_with_flag` whether it is made where that is true.
    """

    target: str
    value: Expression
    line: int
    operator: str = ""
    is_conditional: bool = False
    flag: Expression = None
    is_with_flag: bool = True


class Do(_Node, frozen=True, tag="D"):
    """An expression that stands alone: `admin.site.register(Product)`.

    In functions, only calls of `add_to_class`, `contribute_to_class` and what has `register` in its
    name are kept.
    """

    value: Expression
    line: int


class ClassDef(_Node, frozen=True, tag="C"):
    """A class. `name` is qualified: `Order.Meta`; in a function, `make.Order`."""

    name: str
    bases: list[Expression]
    keywords: dict[str, Expression]
    decorators: list[Expression]
    body: list[Statement]
    line: int
    end_line: int
    is_conditional: bool = False


class FunctionDef(_Node, frozen=True, tag="F"):
    """A function. `name` is qualified: `Order.total`.

    Of its body, `body` keeps imports, classes and functions, `returns` what it returns or yields.
    `body` keeps too what `get_model` and the like are assigned to, and of `__init__` and `__new__`
    all calls and assignments: `kwargs['to'] = "a.B"`.
    """

    name: str
    decorators: list[Expression]
    parameters: list[str]
    returns: list[Expression]
    body: list[Statement]
    line: int
    end_line: int
    is_conditional: bool = False


Problem = tuple[GapKind, str, int]
"""Why a file could not be read as it should: a sentence without its end, and a line."""

Statement = Import | Assign | Do | ClassDef | FunctionDef


class Extract(msgspec.Struct, array_like=True, gc=False):
    """One file. `lines` counts all of them; `problem` is why nothing or not all could be read.
    `exports` is `__all__` where it is a plain list, else None. `encoded_body` and `behaviour` are
    encoded by themselves, in the entry that they came in: most runs decode few of them.
    """

    lines: int
    encoded_body: memoryview
    exports: list[str] | None
    behaviour: memoryview
    problem: Problem | None = None
    decoded_body: list[Statement] | None = None

    @property
    def body(self) -> list[Statement]:
        """The outside's statements, decoded when they are first asked for: of tests, never."""
        if self.decoded_body is None:
            self.decoded_body = _BODY.decode(self.encoded_body)
        return self.decoded_body


_BODY = msgspec.msgpack.Decoder(list[Statement])
