"""Writing entries: one INSERT, in the transaction of what it tells of."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.db import connections, router

from ramet.auditing.models import Entry
from ramet.auditing.work import Work, service_of, work
from ramet.telemetry.redaction import redact_fields, redact_text

__all__ = ["AuditOutsideTransaction", "audit", "write"]

_INSERT = (
    'INSERT INTO ramet_audit_entry (service, action, subject, "user", caller, via, request_id,'
    " facts) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


class AuditOutsideTransaction(RuntimeError):
    """An entry on its own could tell of a change that was rolled back, or be missing for one."""


def audit(action: str, *, subject: object = "", **facts: Any) -> None:
    """Write down a business fact, if and when the current transaction commits.

    `action` is a name of the team's choice such as `order.cancelled`, `subject` the id of what it
    was done to, `facts` whatever JSON can hold; dates, UUIDs and decimals become text. Who did it,
    by which service, in which request, Ramet adds. Facts under names such as `token` or `password`
    are replaced by `[redacted]`: an entry can never be taken back.

    Raises AuditOutsideTransaction outside `transaction.atomic()` (a TestCase's own transaction does
    not count), TypeError for facts that JSON cannot hold.
    """
    connection = connections[router.db_for_write(Entry)]
    if not any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise AuditOutsideTransaction(
            f"audit({action!r}) was called outside transaction.atomic(). An entry is written"
            " together with the change that it tells of: put both into one"
            " `with transaction.atomic():` block."
        )
    # The code that says so is the service's, whoever asked for it.
    module = sys._getframe(1).f_globals.get("__name__", "")
    write(work(), action, subject, facts, service=service_of(module))


def write(
    known: Work, action: str, subject: object, facts: dict[str, Any], *, service: str = ""
) -> None:
    """Insert an entry, whether or not a transaction is open."""
    told = redact_text(json.dumps(redact_fields(None, "", dict(facts)), default=_text))
    connection = connections[router.db_for_write(Entry)]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                (service or known.service)[:40],
                action[:100],
                str(subject)[:255],
                known.user[:255],
                known.caller[:40],
                known.via,
                known.request_id,
                told,
            ],
        )


def _text(value: object) -> str:
    """Ids, times and amounts; anything else is a mistake, and not for a log to guess at."""
    if type(value).__module__ in {"uuid", "datetime", "decimal"}:
        return str(value)
    raise TypeError(f"an audit fact of type {type(value).__qualname__} is no JSON")
