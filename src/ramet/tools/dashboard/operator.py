"""What the services' own databases know and do, asked through their management commands.

The supervisor runs them (`manage` on its control socket) in forks that have each group's Django
set up. So the dashboard needs neither Django nor a database, gets what `ramet events` and `ramet
sagas` get, and is in the audit log as they are, with `dashboard` as the caller.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ramet.tools.dashboard.control import Control, SupervisorAway

__all__ = ["Answers", "Failed", "Operator"]

_AT_ONCE = 4
_SECONDS = 70.0


class Failed(Exception):
    """A command was refused, or could not be run; the text is for the person who asked."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What each group said, and why others said nothing."""

    of: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    generation: str
    answers: Answers


class Operator:
    """Asks the groups of a running system. Every method may be called from any thread."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._executor = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="operator")
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._locks: dict[tuple[str, ...], Lock] = {}

    def groups(self) -> list[str]:
        """The groups of Django services; none while the system is down."""
        return list(self._status().get("versions") or {})

    def is_ready(self) -> bool:
        """Whether `ramet up` has started all that it starts."""
        return self._status().get("ready") is True

    def generation(self) -> str:
        """Another text whenever processes were started, and so may have other code."""
        processes = self._status().get("processes") or []
        return json.dumps([(each.get("name"), each.get("started_at")) for each in processes])

    def ask(self, group: str, *arguments: str) -> Any:
        """What a management command answers as JSON. Raises Failed."""
        try:
            return json.loads(self.text(group, *arguments))
        except ValueError:
            raise Failed(f"{arguments[0]} said something that is no JSON") from None

    def text(self, group: str, *arguments: str) -> str:
        """What a management command prints. Raises Failed."""
        try:
            answer = self._control.ask(
                "manage",
                timeout=_SECONDS,
                service=group,
                arguments=list(arguments),
                via="dashboard",
            )
        except SupervisorAway as error:
            raise Failed(f"the supervisor does not answer: {error}") from None
        if "error" in answer:
            raise Failed(str(answer["error"]))
        if answer.get("status") != 0:
            said = str(answer.get("stderr", "")).strip().splitlines()
            raise Failed(said[-1] if said else f"{arguments[0]} ended with {answer.get('status')}")
        return str(answer["stdout"])

    def everywhere(self, *arguments: str, groups: Iterable[str] | None = None) -> Answers:
        """Ask all groups, or these, at the same time."""
        asked = self.groups() if groups is None else list(groups)
        found = Answers()

        def ask(group: str) -> None:
            try:
                found.of[group] = self.ask(group, *arguments)
            except Failed as error:
                found.failed[group] = str(error)

        list(self._executor.map(ask, asked))
        order = {group: number for number, group in enumerate(asked)}
        return Answers(
            dict(sorted(found.of.items(), key=lambda pair: order[pair[0]])), found.failed
        )

    def lately(
        self,
        *arguments: str,
        seconds: float = 3.0,
        generation: str = "",
        groups: tuple[str, ...] | None = None,
    ) -> Answers:
        """`everywhere`, asked anew after so many seconds, and in another generation.

        So several readers cost as much as one.
        """
        key = (*arguments, *(groups or ()))
        with self._locks.setdefault(key, Lock()):
            known = self._kept.get(key)
            if known and known.generation == generation and time.monotonic() < known.until:
                return known.answers
            answers = self.everywhere(*arguments, groups=groups)
            if not answers.failed:
                self._kept[key] = _Kept(time.monotonic() + seconds, generation, answers)
            return answers

    def forget(self) -> None:
        """Ask anew from now on: something was changed."""
        self._kept.clear()

    def _status(self) -> dict[str, Any]:
        try:
            return self._control.ask("status")
        except SupervisorAway:
            return {}
