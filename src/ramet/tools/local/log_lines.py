"""Lines of log files as what they tell: when, how bad, of which trace; and choosing among them."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ramet.tools.local import child

LEVELS = ("debug", "info", "warning", "error", "critical")

# How PostgreSQL, NATS and Envoy write that something is not as it should be.
_OF_ENGINES = re.compile(
    r"\b(?P<critical>PANIC|FATAL)\b|\[(?:FTL|critical)\]|\b(?P<error>ERROR)\b|\[(?:ERR|error)\]"
    r"|\b(?P<warning>WARNING)\b|\[(?:WRN|warning)\]"
)
_WORDS = {"FTL": "critical", "ERR": "error", "WRN": "warning"}

# What the shown line has in columns of its own, or repeats the name of the file.
_SHOWN = ("event", "time", "level", "service", "role", "logger", "exception")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the process `name`. `said` is its JSON, None where it is none. `time` is
    RFC 3339 in UTC; of the line before where it has none of its own, empty before the first."""

    name: str
    text: str
    time: str
    said: dict[str, Any] | None = field(default=None)

    @classmethod
    def read(cls, name: str, text: str, time: str = "") -> Line:
        """What a line of a file tells; `time` is that of the line before."""
        try:
            said = json.loads(text) if text.startswith("{") else None
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return cls(name, text, time)
        own = said.get("time")
        return cls(name, text, own if isinstance(own, str) else time, said)

    @property
    def level(self) -> str:
        """One of LEVELS."""
        if self.said is not None:
            level = str(self.said.get("level", "info"))
            return level if level in LEVELS else "info"
        found = _OF_ENGINES.search(self.text)
        if found is None:
            return "info"
        return found.lastgroup or _WORDS.get(found[0].strip("[]"), found[0].strip("[]"))

    def shown(self, width: int) -> str:
        """For people: time, process, how bad, what, and the rest as `name=value`."""
        if self.said is None:
            return f"{self.name:<{width}}  {self.text}"
        rest = " ".join(
            f"{name}={value}" for name, value in self.said.items() if name not in _SHOWN
        )
        parts = [self.time[11:23], f"{self.name:<{width}}", f"{self.level:<7}"]
        line = "  ".join([*parts, f"{self.said.get('event', '')}  {rest}".rstrip()])
        trouble = self.said.get("exception")
        return f"{line}\n{trouble}" if trouble else line

    def as_json(self) -> str:
        """For programs: a JSON object of one line, with the process's name."""
        said = self.said if self.said is not None else {"event": self.text, "level": self.level}
        return json.dumps({"process": self.name, **said}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lines: at least so bad, of this trace, from this time on."""

    level: str = "debug"
    trace: str = ""
    since: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Whether there is nothing to choose by."""
        return self == Choice()

    def takes(self, line: Line) -> bool:
        """Whether the line is one of them."""
        if LEVELS.index(line.level) < LEVELS.index(self.level):
            return False
        if self.trace and (line.said or {}).get("trace_id") != self.trace:
            return False
        return self.since is None or _moment(line.time) >= self.since


def last(path: Path, choice: Choice, count: int | None) -> list[Line]:
    """The last `count` chosen lines of a log (None: all), oldest first; none of a missing one."""
    if choice.is_everything and count is not None:
        return list(
            _read(path.stem, (line[4:] for line in child.last_lines(path, count).split("\n")))
        )
    found: deque[Line] = deque(maxlen=count)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            found.extend(filter(choice.takes, _read(path.stem, file)))
    except FileNotFoundError:
        return []
    return [*found]


def _read(name: str, texts: Iterable[str]) -> Iterator[Line]:
    time = ""
    for text in texts:
        if text:
            line = Line.read(name, text.rstrip("\n"), time)
            time = line.time
            yield line


def in_order(lines: Iterable[Line]) -> list[Line]:
    """By time; those of one process stay in theirs."""
    return sorted(lines, key=lambda line: line.time)


def _moment(time: str) -> datetime:
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
