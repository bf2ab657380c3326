"""What a loop that fails says: enough to find the cause at any hour, too little to fill a disk."""

from __future__ import annotations

import re

import structlog
from django.db import DatabaseError

log = structlog.get_logger("ramet.events")


class Failures:
    """The failures of one loop in a row.

    The first is logged with its traceback, so is one with another text (numbers aside); of the same
    again, the 2nd, 4th, 8th and so on, in one line.
    """

    def __init__(self, loop: str) -> None:
        self._loop, self._told = loop, ""
        self.count = 0

    def note(self, error: BaseException) -> None:
        """One more."""
        self.count += 1
        text = f"{type(error).__name__}: {error}"
        kind = re.sub(r"\d+", "0", text)
        is_new = kind != self._told
        if is_new or self.count & (self.count - 1) == 0:
            log.warning(
                "worker.loop_failed",
                loop=self._loop,
                failures=self.count,
                error=text.strip(),
                **({"remedy": remedy} if (remedy := remedy_of(error)) else {}),
                **({"exc_info": error} if is_new else {}),
            )
        self._told = kind

    def over(self) -> None:
        """It works, again or still."""
        if self.count:
            log.info("worker.loop_recovered", loop=self._loop, failures=self.count)
        self.count, self._told = 0, ""


def remedy_of(error: BaseException) -> str:
    """What a person can do, if the error tells; an exception may say so itself as `remedy`."""
    if own := getattr(error, "remedy", ""):
        return str(own)
    if isinstance(error, DatabaseError):
        told = str(error)
        if "no such table" in told or "no such column" in told or "does not exist" in told:
            return "create the tables of this code: manage.py migrate"
        if "password authentication failed" in told:
            return "correct user and password in RAMET_DATABASE_URL, or in DATABASES"
    return ""
