"""The crash matrix: for every failpoint in the source, how a process is brought to die there.

A failpoint that is missing here fails test_crash_matrix: add a row, or, when it belongs to a part
with a host of its own, the part's test module to ELSEWHERE.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import ramet


@dataclass(frozen=True, slots=True)
class Row:
    """One failpoint of events, as a service reaches it."""

    place: str
    broker: bool = True
    """Over NATS; else from outbox to inbox in one database."""
    deadly: int = 0
    """Deaths in a handler that must come before."""
    doubt: bool = False
    """Also lose the answer to the commit that was just made."""

    @property
    def part(self) -> str:
        return self.place.partition(".")[0]


ROWS = [
    Row("outbox.locked"),
    Row("outbox.inserted"),
    Row("before-notify:outbox"),
    Row("after-notify:outbox"),
    Row("calendar.locked"),
    Row("calendar.before-commit"),
    Row("calendar.after-commit", doubt=True),
    Row("relay.read"),
    Row("relay.before-send"),
    Row("broker.before-send"),
    Row("broker.after-send"),
    Row("relay.after-send", doubt=True),
    Row("relay.after-delete", doubt=True),
    Row("receiver.before-store"),
    Row("receiver.position-moved"),
    Row("receiver.before-commit"),
    Row("receiver.after-commit", doubt=True),
    Row("receiver.acknowledged", doubt=True),
    Row("before-notify:inbox"),
    Row("after-notify:inbox"),
    Row("mover.read", broker=False),
    Row("mover.stored", broker=False),
    Row("mover.before-commit", broker=False),
    Row("mover.after-commit", broker=False, doubt=True),
    Row("inbox.claimed"),
    Row("inbox.handled"),
    Row("inbox.before-commit"),
    Row("inbox.after-commit", doubt=True),
    Row("inbox.rolled-back"),
    Row("inbox.before-note-commit"),
    Row("inbox.after-note-commit", doubt=True),
    Row("inbox.before-dead-commit"),
    Row("inbox.before-count-commit", broker=False, deadly=1),
    Row("inbox.after-count-commit", broker=False, deadly=1, doubt=True),
    Row("inbox.before-spent-commit", broker=False, deadly=3),
    Row("inbox.before-forget", broker=False),
    Row("inbox.after-forget", broker=False, doubt=True),
    Row("presence.before-begin", broker=False),
    Row("presence.after-begin", broker=False, doubt=True),
    Row("presence.before-end", broker=False),
    Row("presence.after-end", broker=False, doubt=True),
    Row("lease.before-end-former"),
    Row("lease.after-end-former", doubt=True),
    Row("lease.before-take"),
    Row("lease.after-take", doubt=True),
    Row("lease.before-renew"),
    Row("lease.after-renew", doubt=True),
    Row("lease.before-release"),
    Row("lease.after-release", doubt=True),
]

ELSEWHERE = {
    "sagas": ("tests.integration.sagas.test_crashes", "tests.integration.sagas.test_waits"),
    "replicas": ("tests.integration.replicas.test_crashes",),
}
"""Parts whose failpoints, all but their last word (`before-commit:reserve`), are the BOUNDARIES of
test modules of their own."""


def in_source() -> dict[str, set[str]]:
    """The failpoints of each part of ramet; what is not constant in a name becomes `*`."""
    found: dict[str, set[str]] = {}
    root = Path(ramet.__file__).parent
    for path in sorted(root.rglob("*.py")):
        part = path.relative_to(root).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _is_reached(node.func):
                found.setdefault(part, set()).add(_pattern(node.args[0]))
    return found


def _is_reached(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "reached"


def _pattern(name: ast.expr) -> str:
    if isinstance(name, ast.Constant):
        return str(name.value)
    if isinstance(name, ast.JoinedStr):
        return "".join(
            str(each.value) if isinstance(each, ast.Constant) else "*" for each in name.values
        )
    raise TypeError(f"line {name.lineno}: a failpoint's name is a literal")
