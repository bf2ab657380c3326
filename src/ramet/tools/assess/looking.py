"""Looking at a project: the scan, with whatever evidence is wanted beside it. Nobody judges yet."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ramet.tools.assess.facts import Scan
from ramet.tools.assess.scanning import scan
from ramet.tools.assess.source.reading import Progress

__all__ = ["Wanted", "cache_folder", "looked_at"]


class Wanted(msgspec.Struct, frozen=True):
    """What somebody wants to have looked at beside the source, and how.

    `venv` is the virtual environment in which the project's packages are; with `registry` its
    Python is asked, or `python`, or the running one. `pythonpath` are folders that are imported
    from beside it. `traces` are recordings of tests or requests.
    `settings` is a dotted name; "" is the one that manage.py names.
    """

    root: Path
    venv: Path | None = None
    pythonpath: tuple[Path, ...] = ()
    registry: bool = False
    traces: tuple[Path, ...] = ()
    history: bool = False
    settings: str = ""
    python: Path | None = None


def looked_at(wanted: Wanted, cache: Path | None, progress: Progress | None = None) -> Scan:
    """The scan with its evidence, before anybody judges."""
    # Each kind of evidence is imported where it is wanted: together they take as long as a scan
    # of a small project.
    found = scan(
        wanted.root,
        venv=wanted.venv,
        pythonpath=wanted.pythonpath,
        settings=wanted.settings or None,
        cache=cache,
        progress=progress,
    )
    if wanted.registry:
        from ramet.tools.assess.evidence.registry import with_registry

        if progress is not None:
            progress(0, 0, "asking Django's registry")
        found = with_registry(
            found,
            wanted.root,
            python=wanted.python,
            venv=wanted.venv,
            pythonpath=wanted.pythonpath,
            settings=wanted.settings or None,
        )
    if wanted.traces:
        from ramet.tools.assess.evidence.traces import with_traces

        found = with_traces(found, list(wanted.traces))
    if wanted.history:
        from ramet.tools.assess.evidence.history import with_history

        if progress is not None:
            progress(0, 0, "reading the history")
        found = with_history(found, wanted.root)
    return found


def cache_folder(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """A folder of the user's own for what is kept of a project between runs (XDG base directory).

    Not in the project: assess writes nothing there that was not asked for.
    """
    base = environ.get("XDG_CACHE_HOME", "")
    parent = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    name = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=8).hexdigest()
    return parent / "ramet" / "assess" / name
