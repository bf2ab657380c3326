"""Edge kinds in families, which a reader switches on and off, and what each is called."""

from __future__ import annotations

from ramet.tools.assess.facts import EdgeKind

__all__ = ["FAMILIES", "FAMILY_OF", "WORDS"]

FAMILIES: dict[str, tuple[EdgeKind, ...]] = {
    "relations": ("fk", "o2o", "m2m", "gfk", "generic_relation", "mti_parent", "proxy"),
    "queries": ("lookup", "accessor", "raw_sql"),
    "behaviour": (
        "signal",
        "atomic",
        "task",
        "call",
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
    ),
    "imports": ("import", "import_typing", "import_chain"),
    "evidence": ("trace", "history"),
}

FAMILY_OF: dict[EdgeKind, str] = {
    kind: family for family, kinds in FAMILIES.items() for kind in kinds
}

WORDS: dict[EdgeKind, str] = {
    "fk": "foreign key",
    "o2o": "one to one",
    "m2m": "many to many",
    "gfk": "generic foreign key",
    "generic_relation": "generic relation",
    "mti_parent": "inherits its table",
    "proxy": "proxy of",
    "lookup": "lookup",
    "accessor": "reverse accessor",
    "raw_sql": "raw SQL",
    "signal": "signal",
    "atomic": "one transaction",
    "task": "Celery task",
    "call": "function call",
    "template": "template",
    "url": "url name",
    "admin": "admin",
    "form": "form",
    "serializer": "serializer",
    "migration": "migration",
    "settings": "settings",
    "middleware": "middleware",
    "command": "management command",
    "get_model": "get_model",
    "import_string": "import by name",
    "content_type": "content type",
    "permission": "permission",
    "import": "import",
    "import_typing": "import for typing",
    "import_chain": "import chain",
    "trace": "seen together at run time",
    "history": "changed together",
}
