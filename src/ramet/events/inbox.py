"""The inbox: the loops that work off the events received, in the order of their keys.

The claim, the handler, its mark and everything that it writes or publishes are one transaction. So
a crash anywhere leaves either nothing or everything, and a second delivery finds the row of the
first.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog
from django.db import connection, transaction
from structlog.contextvars import bound_contextvars

from ramet.events import batches, headers, metrics, spans, sql, wake
from ramet.events.claims import Claimed, claim, finish, finish_first_time
from ramet.events.crew import GRACE, Crew, topic_of
from ramet.events.declaration import family_and_version
from ramet.events.heads import LONGEST_PAUSE, Heads
from ramet.events.options import options
from ramet.events.presence import Presence
from ramet.events.storing import INBOX
from ramet.events.subscription import subscription_of
from ramet.events.surroundings import surroundings
from ramet.events.worker import Loop
from ramet.failpoints import reached
from ramet.telemetry.failures import stack_of

log = structlog.get_logger("ramet.events")

FIRST_PAUSE = 0.5
"""Seconds between attempts: doubled each time, up to LONGEST_PAUSE, with jitter."""

POLL = 1.0
"""Seconds between two looks of the thread that watches."""

CLEANING, FIRST_CLEANING = 600.0, 20.0
"""Seconds between two removals of what was finished long ago; before the first, for a worker that
never lives long."""

CLEANED = 1000
"""Rows of one removal: it must not hold up the events, nor the replicas of the database."""


class InboxLoop(Loop):
    """Works off events. Several loops share the work; no two have the same key of a handler.

    Only the first free one polls; the others are called when it has its hands full, and rest
    without a database connection.
    """

    def __init__(
        self,
        heads: Heads,
        crew: Crew,
        presence: Presence,
        pace: batches.Pace,
        number: int = 0,
    ) -> None:
        super().__init__()
        self.name = f"inbox-{number}"
        self.topics = (topic_of(number),)
        self.poll = None
        self._heads, self._crew, self._presence, self._number = heads, crew, presence, number
        self._pace = pace
        self._due: float | None = None
        self._cleaning_due = time.monotonic() + FIRST_CLEANING

    def begin(self) -> None:
        """The first one has the crew called when there is something in the inbox; until then it
        is free and so no other one works."""
        if self._number == 0:
            self._presence.begin()
            wake.register(self._crew, [INBOX])

    def work(self) -> float | None:
        """One transaction. Says when the next failed one is due."""
        self._clean()
        if not self._is_due() and not self._heads.has_more():
            if self._crew.is_spare(self._number):
                self.poll = None
                return self._until_due()
            if not self._crew.watches(self._number):
                self.stopping.wait(GRACE)
                return 0
        self.poll = POLL
        if self._is_due():
            self._due = None
        try:
            outcome = work_off_one(
                self._heads,
                lambda: self._crew.begins(self._number),
                self._presence.suspects,
                self._pace,
                self._presence.lost_with,
            )
        finally:
            self._crew.ends(self._number)
        if outcome is None:
            return self._until_due()
        if outcome > 0:
            retry = time.monotonic() + outcome
            self._due = retry if self._due is None else min(self._due, retry)
        return 0

    def end(self) -> None:
        """Nobody is to be called any more."""
        if self._number == 0:
            wake.unregister(self._crew)
            self._presence.end()

    def _is_due(self) -> bool:
        return self._due is not None and self._due <= time.monotonic()

    def _until_due(self) -> float | None:
        return None if self._due is None else max(0.01, self._due - time.monotonic())

    def _clean(self) -> None:
        if self._number > 0 or time.monotonic() < self._cleaning_due:
            return
        self._presence.renew()
        removed = forget_finished()
        if removed < CLEANED:
            self._cleaning_due = time.monotonic() + CLEANING
        if removed:
            log.info("events.forgotten", finished=removed)


def forget_finished() -> int:
    """Remove some of the events that were finished longer than `keep_done` ago; returns how many.

    CLEANED of them mean that there may be more.
    """
    reached("inbox.before-forget")
    removed = sql.run(
        "DELETE FROM ramet_events_inbox WHERE seq IN (SELECT seq FROM ramet_events_inbox"
        f" WHERE state = 'done' AND finished_at < {sql.later()} ORDER BY finished_at"
        f" LIMIT {CLEANED}{sql.skip_locked()})",
        [-options().keep_done * 86_400.0],
    )
    reached("inbox.after-forget")
    return removed


def inbox_loops(handlers: Sequence[str], threads: int) -> list[InboxLoop]:
    """As many loops as may run handlers at the same time; SQLite has one writer, so one."""
    size = threads if sql.is_postgresql() else 1
    heads, crew, presence = Heads(handlers), Crew(size), Presence(surroundings().instance)
    pace = batches.Pace(options().together)
    return [InboxLoop(heads, crew, presence, pace, number) for number in range(size)]


def work_off_one(
    heads: Heads,
    begins: Callable[[], None] = lambda: None,
    suspects: Callable[[int], bool] = lambda seq: False,
    pace: batches.Pace | None = None,
    lost_with: Callable[[int], None] = lambda seq: None,
) -> float | None:
    """Work off the next event whose turn it is, with `pace` several of them in one transaction;
    `begins` is called before each that is tried, `lost_with` when the connection to the database
    went away while it was in hand.

    For rows that `suspects` tells, the attempt is counted before it is made.

    Returns None when there is none, 0 when it was worked off or became a dead letter, else the
    seconds until it may be tried again. Raises only what concerns the database, not the handler.
    """
    has_looked = False
    pace = pace or batches.Pace(most=1)
    while True:
        taken = heads.take(pace.size)
        if taken:
            begins()
            if len(taken) > 1 and not any(suspects(seq) for seq, _ in taken):
                outcome = _attempt_several(taken, heads, pace)
            else:
                heads.give_back(taken[1:])
                (seq, handler), clock = taken[0], batches.Clock()
                outcome = _attempt(seq, is_suspect=suspects(seq), lost_with=lost_with)
                if outcome == 0:
                    pace.went_well([handler], clock.seconds)
            if outcome is not None:
                return outcome
        elif has_looked:
            return None  # what there is, other workers have in hand
        else:
            heads.look()
            has_looked = True


def _attempt_several(
    taken: Sequence[tuple[int, str]], heads: Heads, pace: batches.Pace
) -> float | None:
    """Claim, handle and mark in one transaction, or nothing at all; see `ramet.events.batches`.

    Gives back to `heads` what there was no time for, and after a failure everything. What has
    failed before is tried alone. None when nothing was done.
    """
    done: list[Claimed] = []
    took: list[float] = []
    session: object = None
    try:
        with transaction.atomic():
            session = connection.connection
            batches.bound_waits()
            claimed = claim([seq for seq, _ in taken])
            left = [each for each in claimed if not each.attempts]
            reached("inbox.claimed")
            clock, hooks = batches.Clock(), len(connection.run_on_commit)
            with batches.no_limit_swallowed():
                while left and not clock.is_over:
                    took.append(_handle(left[0]))
                    done.append(left.pop(0))
            reached("inbox.handled")
            seconds = clock.seconds
            finish_first_time(done)
            batches.part_commit_hooks(hooks)
            reached("inbox.before-commit")
    except BaseException as error:
        if sql.is_connection_lost(error, session):
            raise
        log.info("events.batch_rolled_back", events=len(taken), error=repr(error))
        pace.went_wrong([handler for _, handler in taken])
        heads.give_back(taken)
        return None
    reached("inbox.after-commit")
    for each, lasted in zip(done, took, strict=True):
        _count(each, lasted, metrics.DONE)
    heads.give_back([(each.seq, each.handler) for each in left])
    pace.went_well([each.handler for each in done], seconds)
    outcomes = [_attempt(each.seq, is_suspect=False) for each in claimed if each.attempts]
    pauses = [outcome for outcome in outcomes if outcome]
    return min(pauses) if pauses else 0 if claimed else None


def _attempt(
    seq: int, *, is_suspect: bool, lost_with: Callable[[int], None] = lambda seq: None
) -> float | None:
    """Claim, handle and mark in one transaction; None when it is no longer this event's turn."""
    claimed: Claimed | None = None
    session: object = None
    started = time.perf_counter()
    if is_suspect and not _count_beforehand(seq):
        return None
    try:
        with transaction.atomic():
            session = connection.connection
            claimed = next(iter(claim([seq])), None)
            if claimed is None:
                return None
            if is_suspect:
                claimed = replace(claimed, attempts=claimed.attempts - 1, is_counted=True)
            if _is_spent(claimed):
                return 0
            reached("inbox.claimed")
            hooks = len(connection.run_on_commit)
            started = time.perf_counter()
            seconds = _handle(claimed)
            reached("inbox.handled")
            finish(claimed, "done", "", claimed.attempts + 1)
            batches.part_commit_hooks(hooks)
            reached("inbox.before-commit")
    except BaseException as error:
        # Also SystemExit or CancelledError: a handler ends its own attempt, not the thread.
        if claimed is None:
            raise
        if sql.is_connection_lost(error, session):
            lost_with(seq)
            raise
        is_last = claimed.attempts + 1 >= claimed.allowed
        seconds = time.perf_counter() - started
        _count(claimed, seconds, metrics.DEAD if is_last else metrics.FAILED)
        pause = _failed(claimed, error)
        reached("inbox.after-note-commit")
        return pause
    reached("inbox.after-commit")
    _count(claimed, seconds, metrics.DONE)
    return 0


def _count_beforehand(seq: int) -> bool:
    """Commit the count of an attempt that may end the process; False when it is not to be made."""
    with transaction.atomic():
        claimed = next(iter(claim([seq])), None)
        if claimed is None or _is_spent(claimed):
            return False
        sql.run("UPDATE ramet_events_inbox SET attempts = attempts + 1 WHERE seq = %s", [seq])
        reached("inbox.before-count-commit")
    reached("inbox.after-count-commit")
    return True


def _is_spent(claimed: Claimed) -> bool:
    """Whether all attempts are used up although none of them lived to say how; then it is dead."""
    if claimed.attempts < claimed.allowed:
        return False
    if claimed.error:
        error = f"All {claimed.attempts} attempts are used up. The last error:\n{claimed.error}"
    else:
        error = (
            "The process, or its connection to the database, ended while this event was worked off,"
            f" {claimed.attempts} times."
        )
    finish(claimed, "dead", error, claimed.attempts)
    with bound_contextvars(**claimed.fields):
        log.error("event.dead", attempts=claimed.attempts, error=error)
    _count(claimed, 0.0, metrics.DEAD)
    wake.wake_after_commit(INBOX)
    reached("inbox.before-spent-commit")
    return True


def _handle(claimed: Claimed) -> float:
    """Call the handler; returns the seconds that it took."""
    subscription = subscription_of(claimed.handler)
    declaration = subscription.declaration if subscription else None
    named = family_and_version(claimed.type)
    if subscription is None or declaration is None or named is None:
        raise LookupError(f"{claimed.handler} is not subscribed to anything in this process")
    if named[1] not in declaration.versions:
        with bound_contextvars(**claimed.fields):
            log.info("event.passed_over", found="a newer version than the handler's, declared here")
        return 0.0
    event = declaration.decode(claimed.payload, named[1])
    started = time.perf_counter()
    with (
        headers.restored(claimed.headers),
        spans.handling(claimed),
        bound_contextvars(**claimed.fields),
    ):
        hooks = len(connection.run_on_commit)
        subscription.function(event)
        batches.keep_trace_of_hooks(hooks)
        seconds = time.perf_counter() - started
        log.info("event.handled", seconds=round(seconds, 4))
    return seconds


def _count(claimed: Claimed, seconds: float, outcome: str) -> None:
    metrics.HANDLED.record(seconds, claimed.handler, claimed.type, outcome)


def _failed(claimed: Claimed, error: BaseException) -> float:
    """Note the failure in a transaction of its own: the handler's was rolled back whole."""
    attempts = claimed.attempts + 1
    allowed = claimed.allowed
    reached("inbox.rolled-back")
    told = stack_of(error)[-8000:].replace("\0", "")
    told = told.encode(errors="replace").decode()  # half a surrogate pair cannot be stored either
    with bound_contextvars(**claimed.fields), transaction.atomic():
        # Between the rollback and here another worker may have tried it: then its result counts.
        still = sql.rows(
            "SELECT 1 FROM ramet_events_inbox WHERE seq = %s AND state = 'ready' AND attempts = %s"
            + (" FOR UPDATE" if sql.is_postgresql() else ""),
            [claimed.seq, attempts if claimed.is_counted else claimed.attempts],
        )
        if not still:
            return 0
        if attempts >= allowed:
            finish(claimed, "dead", told, attempts)
            log.error("event.dead", attempts=attempts, error=repr(error), exc_info=error)
            wake.wake_after_commit(INBOX)  # the next of its key is free
            reached("inbox.before-dead-commit")
            return 0
        pause = pause_after(attempts)
        sql.run(
            f"UPDATE ramet_events_inbox SET attempts = %s, error = %s, run_at = {sql.later()}"
            " WHERE seq = %s",
            [attempts, told, pause, claimed.seq],
        )
        reached("inbox.before-note-commit")
    with bound_contextvars(**claimed.fields):
        log.warning(
            "event.failed", attempts=attempts, of=allowed, again_in=round(pause, 2), exc_info=error
        )
    return pause


def pause_after(attempts: int) -> float:
    """Seconds before the next attempt: exponential, between half and the whole of the step."""
    step: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    return step * random.uniform(0.5, 1.0)  # noqa: S311
