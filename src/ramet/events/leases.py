"""Leases: what only one worker at a time may do, until a time that the database measures.

The holder renews from the worker's pulse. A holder that was paused finds out by its own monotonic
clock that its lease may be over before anybody else can have taken it, and by the epoch when it
has.
"""

# ruff: noqa: S608  values are parameters; what is put in are expressions of ramet.events.sql

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from ramet.events import pulse, sql
from ramet.events.options import options
from ramet.events.surroundings import surroundings
from ramet.failpoints import reached

log = structlog.get_logger("ramet.events")

RENEWAL = 3.0
"""Seconds between two renewals."""

SLACK = 5.0
"""Seconds by which a lease may end later than it lasts. One that ends later still was written
before the database's clock was set back: it says nothing, and is over."""


@dataclass(slots=True)
class Lease:
    """One lease that this process held when it last asked."""

    name: str
    epoch: int
    position: str
    trusted_until: float
    """On this process's monotonic clock, with a margin before the database's own time."""

    @property
    def is_held(self) -> bool:
        """False as soon as somebody else may have it."""
        return time.monotonic() < self.trusted_until


class Leases:
    """The leases of one process."""

    def __init__(self, holder: str, seconds: float) -> None:
        self.holder, self.seconds = holder, seconds
        self._lock = threading.Lock()
        self._held: dict[str, Lease] = {}
        self._ending = threading.Lock()
        self._is_fresh = True

    def held(self, name: str) -> Lease | None:
        """The lease, if this process can trust to hold it right now."""
        with self._lock:
            lease = self._held.get(name)
        return lease if lease is not None and lease.is_held else None

    def take(self, names: Iterable[str]) -> list[Lease]:
        """Take those that nobody holds; returns only newly taken ones.

        The first call of a process first ends whatever a process of the same name left behind: that
        one was killed and restarted under its name, and there is nothing to wait for.
        """
        asked = time.monotonic()
        with self._ending:
            # Only when it has succeeded; and only one thread, or the second would end what the
            # first has just taken.
            if self._is_fresh:
                self._end_former()
                self._is_fresh = False
        # Sorted, so that two workers that want the same ones cannot deadlock.
        wanted = sorted(name for name in names if self.held(name) is None)
        if not wanted:
            return []
        reached("lease.before-take")
        taken = sql.rows(
            "INSERT INTO ramet_events_lease (name, holder, until, epoch) VALUES "
            + ", ".join([f"(%s, %s, {sql.later()}, 1)"] * len(wanted))
            + " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,"
            " epoch = ramet_events_lease.epoch + 1"
            f" WHERE NOT ({_is_valid('ramet_events_lease.until')})"
            " RETURNING name, epoch, position",
            [
                *(value for name in wanted for value in (name, self.holder, self.seconds)),
                self.seconds + SLACK,
            ],
        )
        reached("lease.after-take")
        leases = [
            Lease(name, epoch, position, self._trust(asked)) for name, epoch, position in taken
        ]
        with self._lock:
            self._held |= {lease.name: lease for lease in leases}
        return leases

    def renew(self) -> None:
        """Prolong all leases; forget those that somebody else has taken."""
        with self._lock:
            held = [lease for _, lease in sorted(self._held.items())]
        if not held:
            return
        asked = time.monotonic()
        condition, values = _any_of(held)
        reached("lease.before-renew")
        renewed = {
            name
            for (name,) in sql.rows(
                f"UPDATE ramet_events_lease SET until = {sql.later()}"
                f" WHERE holder = %s AND ({condition}) RETURNING name",
                [self.seconds, self.holder, *values],
            )
        }
        reached("lease.after-renew")
        with self._lock:
            for lease in held:
                if self._held.get(lease.name) is not lease:
                    continue  # released meanwhile, or taken anew
                if lease.name in renewed:
                    lease.trusted_until = self._trust(asked)
                else:
                    del self._held[lease.name]
                    log.warning("events.lease_lost", lease=lease.name)

    def release(self, names: Iterable[str]) -> None:
        """Give leases back at once, so that another worker need not wait for their end.

        The epoch grows, so that a renewal that is under way in another thread comes too late.
        """
        with self._lock:
            popped = [self._held.pop(name, None) for name in sorted(names)]
        given = [lease for lease in popped if lease is not None]
        if given:
            condition, values = _any_of(given)
            reached("lease.before-release")
            sql.run(
                f"UPDATE ramet_events_lease SET until = {sql.later()}, epoch = epoch + 1"
                f" WHERE holder = %s AND ({condition})",
                [-1.0, self.holder, *values],
            )
            reached("lease.after-release")

    def take_up_to(self, most: int, names: Sequence[str]) -> list[Lease]:
        """Take at most so many of those that nobody holds now."""
        condition, values = sql.among("name", names or [""])
        busy = {
            row[0]
            for row in sql.rows(
                f"SELECT name FROM ramet_events_lease WHERE {condition}"
                f" AND {_is_valid()} AND holder <> %s",
                [*values, self.seconds + SLACK, self.holder],
            )
        }
        return self.take([name for name in names if name not in busy][:most])

    def forget(self, names: Iterable[str]) -> None:
        """Drop what somebody else has taken, without touching the database."""
        with self._lock:
            for name in names:
                self._held.pop(name, None)

    def count(self, prefix: str) -> int:
        """How many leases with such a name are held by anybody now."""
        found = sql.rows(
            f"SELECT count(*) FROM ramet_events_lease WHERE name LIKE %s AND {_is_valid()}",
            [prefix + "%", self.seconds + SLACK],
        )
        return int(found[0][0])

    def _trust(self, asked: float) -> float:
        return asked + self.seconds * 0.8

    def _end_former(self) -> None:
        reached("lease.before-end-former")
        ended = sql.run(
            # The epoch too: were the former one alive after all, it could not go on.
            f"UPDATE ramet_events_lease SET until = {sql.later()}, epoch = epoch + 1"
            f" WHERE holder = %s AND until > {sql.now()}",
            [-1.0, self.holder],
        )
        reached("lease.after-end-former")
        if ended:
            log.info("events.leases_of_former_process_ended", holder=self.holder, leases=ended)


def _any_of(leases: Sequence[Lease]) -> tuple[str, list[object]]:
    """Rows of these leases, as condition and parameters. By the epoch too: what a successor holds,
    even one under the same name, is another lease."""
    condition = " OR ".join(["(name = %s AND epoch = %s)"] * len(leases))
    return condition, [value for lease in leases for value in (lease.name, lease.epoch)]


def _is_valid(until: str = "until") -> str:
    """Whether a lease holds, as a condition with one parameter: the seconds for which it may."""
    return f"{until} >= {sql.now()} AND {until} <= {sql.later()}"


_leases: Leases | None = None
_making = threading.Lock()


def leases() -> Leases:
    """Those of this process; renewed by the pulse of its worker."""
    global _leases
    with _making:
        if _leases is None:
            _leases = Leases(surroundings().instance, options().lease)
            pulse.every(RENEWAL, _renew)
        return _leases


def _renew() -> None:
    if _leases is not None:
        _leases.renew()


def _forget() -> None:
    """A forked child holds nothing; a new worker in one process (tests) starts afresh."""
    global _leases, _making
    _leases, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
