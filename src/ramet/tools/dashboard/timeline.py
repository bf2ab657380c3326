"""One run of a saga as a timeline: what its code plans and what its journal says, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ramet.tools.dashboard.times import nanoseconds

__all__ = ["Bar", "Row", "timeline"]

WIDTH = 1000
_NARROWEST = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """Where something lies between the beginning and the end of the run, of WIDTH."""

    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """A step, done or undone. `state` is done, refused, failed, now, waiting, stuck or planned.

    `began` and `ended` are nanoseconds since the epoch, None where the step was never begun, or is
    at it. `note` says what is planned, or how a wait ended.
    """

    step: str
    is_undo: bool
    state: str
    attempts: int = 0
    allowed: int | None = None
    is_pivot: bool = False
    began: int | None = None
    ended: int | None = None
    note: str = ""
    error: str = ""
    bar: Bar | None = None

    @property
    def kind(self) -> str:
        """Of the badge that shows the state."""
        kinds = {"done": "good", "failed": "bad", "refused": "bad", "stuck": "bad"}
        return kinds.get(self.state, "" if self.state == "planned" else "warn")


_WAITS = {"replied": "after a reply", "timed_out": "after its time was over"}


def timeline(run: dict[str, Any], declared: dict[str, Any] | None, now: int) -> list[Row]:
    """The rows of a run as `ramet_sagas show` describes it, in the order of what happened.

    `declared` is the saga as the manifest has it, None where no code here knows it. After what
    happened comes the present step, and what is still to be done or undone.
    """
    steps = {step["name"]: step for step in (declared or {}).get("steps", [])}
    begin = nanoseconds(run["created_at"]) or now
    end = nanoseconds(run["finished_at"]) or now
    rows = [_happened(entry, steps, begin, end) for entry in run["journal"]]
    present = run["step"]
    if present and run["finished_at"] is None:
        is_back = run["direction"] == "backward"
        settled = [row for row in rows if (row.step, row.is_undo) != (present, is_back)]
        last = next((row for row in rows if (row.step, row.is_undo) == (present, is_back)), None)
        rows = [*settled, _present(run, steps, last, is_back=is_back, begin=begin, end=end)]
        rows += _planned(rows, steps, is_back=is_back)
    return rows


def _happened(entry: dict[str, Any], steps: dict[str, Any], begin: int, end: int) -> Row:
    is_undo = entry["direction"] == "backward"
    began, ended = nanoseconds(entry["started_at"]), nanoseconds(entry["finished_at"])
    return Row(
        step=entry["step"],
        is_undo=is_undo,
        state=entry["outcome"],
        attempts=entry["attempts"],
        allowed=None if is_undo else steps.get(entry["step"], {}).get("attempts"),
        is_pivot=not is_undo and bool(steps.get(entry["step"], {}).get("pivot")),
        began=began,
        ended=ended,
        note=_WAITS.get(entry["wait"], ""),
        error=entry["error"],
        bar=_bar(began, ended, begin, end),
    )


def _present(
    run: dict[str, Any],
    steps: dict[str, Any],
    last: Row | None,
    *,
    is_back: bool,
    begin: int,
    end: int,
) -> Row:
    """The step that is at work, waits, is tried again, or is stuck; `last` is its journal's row."""
    if run["status"] == "stuck":
        state, note = "stuck", "needs a person"
    elif run["waits_for"]:
        waits = {"reply": "for a reply", "time": "for its time", "code": "for its code"}
        state, note = "waiting", waits[run["waits_for"]]
    elif run["holder"]:
        state, note = "now", f"at work in {run['holder']}"
    else:
        state, note = "now", "to be tried again" if run["attempts"] else "next"
    began = last.began if last else None
    return Row(
        step=run["step"],
        is_undo=is_back,
        state=state,
        attempts=max(run["attempts"], last.attempts if last else 0),
        allowed=None if is_back else steps.get(run["step"], {}).get("attempts"),
        is_pivot=not is_back and bool(steps.get(run["step"], {}).get("pivot")),
        began=began,
        note=note,
        error=run["error"] or (last.error if last else ""),
        bar=_bar(began, end, begin, end) if began else None,
    )


def _planned(rows: list[Row], steps: dict[str, Any], *, is_back: bool) -> list[Row]:
    """Forward the steps that follow; backward the undoing of what was done before."""
    if is_back:
        undone = {row.step for row in rows if row.is_undo}
        done = [row.step for row in rows if not row.is_undo and row.state == "done"]
        undos = [steps[name]["undo"] for name in reversed(done) if name in steps]
        return [Row(name, True, "planned") for name in undos if name and name not in undone]
    reached = {row.step for row in rows}
    return [
        Row(name, False, "planned", allowed=step["attempts"], is_pivot=step["pivot"])
        for name, step in steps.items()
        if name not in reached
    ]


def _bar(began: int | None, ended: int | None, begin: int, end: int) -> Bar | None:
    if began is None or ended is None or end <= begin:
        return None
    x = min(max(0, (began - begin) * WIDTH // (end - begin)), WIDTH - _NARROWEST)
    width = max(_NARROWEST, (ended - began) * WIDTH // (end - begin))
    return Bar(int(x), int(min(width, WIDTH - x)))
