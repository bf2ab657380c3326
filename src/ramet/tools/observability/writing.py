"""Writes generated files into a folder that belongs to the user: what was changed there stays.

`.generated.json` in the folder remembers what was written, so that a file as it was written can be
told from one that somebody has changed since.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Written", "write"]

_MEMORY = ".generated.json"


@dataclass(slots=True)
class Written:
    """What became of the files, by path: `kept` ones were changed by hand, and differ from what
    would be written now by the lines of a diff."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


def write(folder: Path, files: Mapping[str, str], *, force: bool = False) -> Written:
    """Put the files into the folder; with `force` over changed ones, too.

    A file that was there before, and that nobody remembers writing, counts as changed by hand.
    """
    memory, result = _remembered(folder), Written()
    for name, text in sorted(files.items()):
        path = folder / name
        found = path.read_text(encoding="utf-8") if path.exists() else None
        if found == text:
            result.unchanged.append(name)  # also where a person took it over
        elif found is None or force or memory.get(name) == _mark(found):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            result.written.append(name)
        else:
            result.kept[name] = _difference(name, found, text)
            continue
        memory[name] = _mark(text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MEMORY).write_text(json.dumps(memory, indent=1, sort_keys=True) + "\n")
    return result


def _remembered(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / _MEMORY).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError:
        return {}  # then each file that differs counts as changed, and nothing is lost
    return dict(found)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _difference(name: str, found: str, text: str) -> str:
    lines = difflib.unified_diff(
        found.splitlines(), text.splitlines(), f"{name} (yours)", f"{name} (new)", lineterm="", n=1
    )
    return "\n".join(lines)
