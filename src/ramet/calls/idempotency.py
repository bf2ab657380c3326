"""Idempotency keys: an operation runs once for a key, and every repetition gets its answer.

The operation's writes and its stored answer commit together, so that a crash leaves both or
neither. The key follows the IETF draft "The Idempotency-Key HTTP Header Field".
"""

import hashlib
import time
from collections.abc import Callable
from datetime import timedelta

import msgspec
from django.db import connections, router, transaction
from django.db.models.functions import Now

from ramet.calls import context
from ramet.calls.errors import DeadlineExceeded, InvalidArgument
from ramet.calls.models import StoredResult
from ramet.calls.operations import Operation
from ramet.calls.options import Options, options
from ramet.calls.protocol import decode_error, encode_error
from ramet.calls.refusals import Refused
from ramet.identity.context import current_user

__all__ = ["KEPT", "OtherRequest", "claim", "complete", "forget", "once"]

KEPT = timedelta(days=Options().keep_results)
"""How long an answer is kept at least, unless RAMET_CALLS says otherwise; a repetition that comes
later runs anew."""

_FORGET_EVERY = 3600.0  # seconds
_FORGET_REST_AFTER = 1.0  # second
_BATCH = 1000
_forget_next = 0.0
_encode = msgspec.json.Encoder(order="deterministic").encode


class OtherRequest(Exception):
    """The key came before, with something else: its fingerprint is another."""


def claim(row: StoredResult, using: str) -> StoredResult:
    """The stored result for the operation, key and subject of `row`; `row` itself if it is new.

    Inside a transaction, which ends with `complete` if there is no `answer` yet: the effect of the
    work belongs into it. Waits for a concurrent transaction that has claimed the same. Raises
    OtherRequest.
    """
    # 1. Insert. A concurrent first call has inserted the same row: the database makes us wait
    #    here until it commits (then ours is ignored) or rolls back (then ours is in).
    StoredResult.objects.using(using).bulk_create([row], ignore_conflicts=True)
    # 2. Read. The statement sees what was committed meanwhile; a row without an answer can only
    #    be our own, because nobody commits one.
    stored = StoredResult.objects.using(using).get(
        operation=row.operation, key=row.key, subject=row.subject
    )
    if stored.fingerprint != row.fingerprint:
        raise OtherRequest
    return stored


def complete(stored: StoredResult, answer: str, using: str, *, refused: bool = False) -> None:
    """Keep the answer of what was claimed, in the same transaction."""
    stored.refused, stored.answer = refused, answer
    stored.save(using=using, update_fields=["refused", "answer"])
    # Robust: the operation has committed, and must not fail because old answers stay longer.
    transaction.on_commit(lambda: _forget_now_and_then(using), using=using, robust=True)


def once(
    operation: Operation, arguments: msgspec.Struct, key: str, run: Callable[[], bytes]
) -> bytes:
    """Return what `run` answers, or what it answered when this key came first.

    A refusal is an answer too: it is stored and raised again, while what the operation wrote before
    it is rolled back. Any other error rolls back everything, so that a repetition runs again. A
    concurrent call with the same key waits for the first one, up to the deadline. Raises
    InvalidArgument when the key came with other arguments before.
    """
    if not 0 < len(key) <= context.LONGEST_KEY:
        raise InvalidArgument(f"an idempotency key has 1 to {context.LONGEST_KEY} characters")
    using = router.db_for_write(StoredResult)
    row = StoredResult(
        operation=operation.full_name,
        key=key,
        subject=str(current_user().pk or ""),
        fingerprint=_fingerprint(arguments),
    )
    refusal: Refused | None = None
    with transaction.atomic(using=using):
        _wait_no_longer_than_the_deadline(using)
        try:
            stored = claim(row, using)
        except OtherRequest:
            raise InvalidArgument(
                "this idempotency key was used before, with other arguments"
            ) from None
        if stored.answer is not None:
            return _replay(stored, operation)
        try:
            with transaction.atomic(using=using):
                answer = run()
        except Refused as error:
            refusal, answer = error, encode_error(error)
        complete(stored, answer.decode(), using, refused=refusal is not None)
    if refusal is not None:
        raise refusal
    return answer


def forget(
    older_than: timedelta | None = None, *, using: str | None = None, at_most: int = _BATCH
) -> int:
    """Delete answers stored longer ago than that, by the database's clock; return how many.

    Unless said, longer ago than the option `keep_results`.
    """
    if older_than is None:
        older_than = timedelta(days=options().keep_results)
    rows = StoredResult.objects.using(using or router.db_for_write(StoredResult))
    old = rows.filter(created_at__lt=Now() - older_than).order_by("created_at")
    deleted, _ = rows.filter(pk__in=list(old.values_list("pk", flat=True)[:at_most])).delete()
    return deleted


def _replay(stored: StoredResult, operation: Operation) -> bytes:
    assert stored.answer is not None
    body = stored.answer.encode()
    if not stored.refused:
        return body
    raise decode_error(400, body, operation)


def _fingerprint(arguments: msgspec.Struct) -> str:
    """Tell arguments apart by value; those left at their default do not count.

    So a version of the contract that adds an argument with a default still recognises the calls
    which the version before has stored.
    """
    defaults = dict(
        zip(
            reversed(arguments.__struct_fields__),
            reversed(arguments.__struct_defaults__),
            strict=False,
        )
    )
    given = {
        name: getattr(arguments, name)
        for name in arguments.__struct_fields__
        if name not in defaults or getattr(arguments, name) != defaults[name]
    }
    return hashlib.sha256(_encode(given)).hexdigest()


def _wait_no_longer_than_the_deadline(using: str) -> None:
    """Bound every wait for a lock in this transaction by the time that is left (PostgreSQL)."""
    left = context.remaining()
    connection = connections[using]
    if left is None or connection.vendor != "postgresql":
        return
    if left <= 0:
        raise DeadlineExceeded("no time was left when the operation was about to start")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{int(left * 1000) + 1}ms"])


def _forget_now_and_then(using: str) -> None:
    """Keep the table small without a timer of its own: as answers are stored, by the clock.

    First with the first answer of the process, so that one which seldom stores, or does not live
    long, does its part as well. A full batch says that there is more: then again soon.
    """
    global _forget_next
    now = time.monotonic()
    if now < _forget_next:
        return
    _forget_next = now + _FORGET_EVERY  # before the query: other threads go on meanwhile
    if forget(using=using, at_most=_BATCH) == _BATCH:
        _forget_next = now + _FORGET_REST_AFTER
