"""What a scan finds in a project's source, before anybody judges it.

Every fact has its place, and says how it is known. These types are the report's JSON too, so a
change here is one of the published schema (docs/reference/assess.md).

Their annotations are no text (`from __future__`): to evaluate it, each run would take milliseconds.
"""

from typing import Literal

import msgspec

__all__ = [
    "ANY_MODEL",
    "App",
    "Atomic",
    "Edge",
    "EdgeKind",
    "Function",
    "Gap",
    "GapKind",
    "Known",
    "Model",
    "Project",
    "Scan",
    "Write",
]

ANY_MODEL = "*"
"""The target of a relation that may lead to any model: a GenericForeignKey."""

Known = Literal["static", "registry", "both"]
"""Read from the source, told by Django's own registry, or both."""

# Relations, as Django's registry knows them.
RELATION_KINDS = ("fk", "o2o", "m2m", "gfk", "generic_relation", "mti_parent", "proxy")

EdgeKind = Literal[
    # relations: a field, or inheritance
    "fk",
    "o2o",
    "m2m",
    "gfk",
    "generic_relation",
    "mti_parent",
    "proxy",
    # queries: a lookup or an accessor that joins, SQL that names a table
    "lookup",
    "accessor",
    "raw_sql",
    # behaviour
    "signal",  # from the sender's model to what the receiver writes
    "atomic",  # models written in one transaction
    "task",  # a Celery task and who starts it
    "call",  # a function of one app calls one of another
    "template",
    "url",
    "admin",
    "form",
    "serializer",
    "migration",
    "settings",
    "middleware",
    "command",
    "get_model",
    "import_string",
    "content_type",
    "permission",
    # imports
    "import",
    "import_typing",
    "import_chain",
    # evidence
    "trace",  # read or written in one transaction of a recorded request or test
    "history",  # changed together, by the version control's history
]


GapKind = Literal[
    # files that were not read, or not as they should
    "broken-link",
    "encoding",
    "file-name",
    "not-a-file",
    "symlink-cycle",
    "syntax-error",
    "too-deep",
    "too-large",
    "unreadable-file",
    "unreadable-folder",
    # modules and settings
    "no-settings",
    "partial-settings",
    "same-name",
    "several-settings",
    # installed packages
    "editable-not-found",
    "no-site-packages",
    "package-not-read",
    # models and their relations
    "app-not-installed",
    "made-by-metaclass",
    "unresolved-base",
    "unresolved-relation",
    # behaviour
    "get-model-not-constant",
    "import-string-not-constant",
    "query-of-unknown-model",
    "signal-receiver-unknown",
    "signal-sender-unknown",
    "signal-unknown",
    "sql-not-constant",
    "sql-table-not-constant",
    # evidence
    "large-commits",
    "models-without-trace",
    "no-history",
    "registry-disagrees",
    "registry-incomplete",
    "shallow-history",
    "trace-tells-nothing",
]


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """The project that was scanned.

    `root` is the folder given, as its name alone: a report leaves the machine. `settings` are the
    dotted names of the settings modules that were found, the one in use first. `lines` are those of
    the Python files that were read, empty ones and comments with them.
    """

    name: str
    settings: list[str]
    files: int
    lines: int


class App(msgspec.Struct, frozen=True, kw_only=True):
    """A Django app. `package` is its dotted name; `file` its folder, from the project's root.

    `is_own` tells the project's own apps from those of installed packages.
    """

    label: str
    package: str
    file: str
    is_own: bool
    lines: int = 0


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model that Django's registry would have, so no abstract one.

    `label` is `app.Model`; `line` that of its class. Where it belongs to an installed package,
    `is_own` is false and `file` is a path within that package (`django/contrib/auth/models.py`).
    `table` is that of the database, None for a proxy.
    """

    label: str
    app: str
    file: str
    line: int
    is_own: bool = True
    is_proxy: bool = False
    table: str | None = None
    known: Known = "static"


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why two models, or two apps, know each other.

    `source` and `target` are labels: `app.Model`, or `app` where no model can be named. `source` is
    the one that depends: it has the field, makes the query, receives the signal. `field` is the
    field's name, the lookup's path or what else names the edge. `through` is a many-to-many's table
    of its own, also when Django makes it. `note` says in a few words what a reader of the line
    cannot see, such as the abstract base that a field came from.
    """

    kind: EdgeKind
    source: str
    target: str
    field: str
    file: str
    line: int
    known: Known = "static"
    through: str | None = None
    note: str = ""


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A model written at a place. `via` are the functions on the way there, the caller first."""

    model: str
    file: str
    line: int
    via: list[str] = []


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function, view, task, receiver or command, with the models that it touches itself.

    `name` is dotted, from the project's root: `orders.views.OrderView.post`. `belongs_to` is the
    model whose method it is, else that it writes most, else reads most, None where it touches none.
    """

    name: str
    kind: Literal["function", "view", "task", "receiver", "command", "migration"]
    app: str
    file: str
    line: int
    reads: list[str]
    writes: list[str]
    calls: list[str] = []
    belongs_to: str | None = None


class Atomic(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that writes models of more than one app, itself or in what it calls."""

    function: str
    file: str
    line: int
    writes: list[Write]


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be seen, and why. `kind` stays the same; each is in the reference.

    `file` may be empty and `line` 0 where it is about no file. `found` is no sentence, `why` and
    `remedy` are.
    """

    kind: GapKind
    file: str
    line: int
    found: str
    why: str
    remedy: str


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found, each list in the order of file and line."""

    project: Project
    apps: list[App]
    models: list[Model]
    edges: list[Edge]
    functions: list[Function]
    atomics: list[Atomic]
    gaps: list[Gap]
