"""`write`: the compiled files, put where a running Envoy takes them up without a restart."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["write"]

# A file must only name what is there already: certificates, clusters, then routes, then listeners.
_ORDER = ("sds-", "cds", "rds-", "lds", "bootstrap")


def write(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Write `files` into `folder` and give the names of those that changed.

    Each file is replaced by a rename: a reader sees the old or the new one, never half of one, and
    Envoy watches for just that. The folder gets mode 0700, files 0600.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    changed: list[str] = []
    for name in sorted(files, key=_rank):
        text = json.dumps(files[name], indent=1, sort_keys=True) + "\n"
        path = folder / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        draft = folder / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        draft.replace(path)
        changed.append(name)
    return tuple(changed)


def _rank(name: str) -> tuple[int, str]:
    place = next(place for place, prefix in enumerate(_ORDER) if name.startswith(prefix))
    return place, name
