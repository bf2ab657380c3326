"""Progress of long work on standard error: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

__all__ = ["Progressing"]

_EVERY = 5.0


class Progressing:
    """Called with how much is done, of how much (0 where nobody knows), and what is being done."""

    def __init__(self) -> None:
        self._what = ""
        self._next = time.monotonic() + _EVERY
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:,.0f}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("reading", total=None)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, what: str) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total or None, description=what)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            of = f": {done:,} of {total:,}" if total else ""
            print(f"{what}{of}", file=sys.stderr)
