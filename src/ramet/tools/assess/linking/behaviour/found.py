"""What linking one file's behaviour finds, before files are joined: the shape that is cached.

It depends on the file's own content and on the outside of others (`source.extract`), never on what
functions of other files do. Joining those is `linking.behaviour.joining`.
"""

import msgspec

from ramet.tools.assess.facts import EdgeKind, GapKind

__all__ = [
    "Call",
    "Found",
    "FoundEdge",
    "FoundFunction",
    "FoundGap",
    "FoundImport",
    "FoundWrite",
    "Include",
    "Pattern",
    "Receiver",
    "Send",
    "Use",
]

NO_REGION = -1


class FoundEdge(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An edge whose two ends are known from the file alone. `source` "" is the file's app."""

    kind: EdgeKind
    source: str
    target: str
    field: str
    line: int
    note: str = ""


class FoundWrite(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A model written. `region` is the index of the transaction around it, -1 outside of any.

    `how` says which of Django's signals it sends: "save", "delete", "link" for a many-to-many, and
    "bulk" for none.
    """

    model: str
    line: int
    region: int
    how: str = "bulk"


class Call(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A call of a function of the project, by its dotted name.

    `how` is "call", "task" for one that a worker runs, "later" for one after the commit.
    """

    function: str
    line: int
    region: int
    how: str = "call"


class FoundFunction(msgspec.Struct, array_like=True, gc=False):
    """A function with what it does itself.

    `model` is the label of the model whose method it is, "" for none or several. `reads` counts the
    places by model. `regions` are the lines where transactions start. `is_non_atomic`: the view is
    left out of ATOMIC_REQUESTS.
    """

    name: str
    kind: str
    line: int
    reads: dict[str, int]
    writes: list[FoundWrite]
    calls: list[Call]
    regions: list[int]
    model: str = ""
    is_non_atomic: bool = False


class Receiver(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A function that listens to a signal. `sender` is a label, "" for any."""

    signal: str
    sender: str
    function: str
    line: int


class Send(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A signal of the project that is sent, by which function, as from which model, "" for none."""

    signal: str
    sender: str
    function: str
    line: int
    region: int = NO_REGION


class Pattern(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A named URL, and the dotted name of its view, "" where it is not known."""

    name: str
    view: str
    line: int


class Include(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Another module's URLs under a namespace, which may be ""."""

    module: str
    namespace: str
    line: int


class Use(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Something asked for by a name that only all files together can tell.

    `kind` is what it names: a "url", which may have namespaces, a "template", a "command", a
    "permission", a "setting", a dotted "path", a "task" by its registered name.
    """

    kind: str
    name: str
    function: str
    line: int


FoundImport = tuple[int, str, list[str], int]
"""As in `source.visiting.operations.Behaviour`, with the module's absolute name."""


class FoundGap(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What could not be followed: its kind, and the source's own words."""

    kind: GapKind
    found: str
    line: int


class Found(msgspec.Struct, array_like=True, gc=False):
    """All that one file's behaviour says.

    `tasks` are the dotted names of functions that a worker runs.
    """

    edges: list[FoundEdge]
    functions: list[FoundFunction]
    receivers: list[Receiver]
    sends: list[Send]
    patterns: list[Pattern]
    includes: list[Include]
    url_namespace: str
    uses: list[Use]
    gaps: list[FoundGap]
    tasks: list[str]
    imports: list[FoundImport]
