"""`@idempotent` for views, and `commit` for those that first have to ask somebody else.

The record of a key commits in the transaction of its effect: a crash leaves both or neither.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

from django.db import OperationalError, connections, router, transaction
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from ramet.calls import context
from ramet.calls.options import options
from ramet.errors import DiagnosticError, Mistake
from ramet.idempotency import answers, schema
from ramet.idempotency.fingerprints import fingerprint_of
from ramet.idempotency.keys import KeyInUse, KeyMissing, KeyReused, key_of

__all__ = ["commit", "idempotent"]

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

_ATTRIBUTE = "_ramet_idempotency"
_LOCK_NOT_AVAILABLE = "55P03"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


@overload
def idempotent(view: View, /) -> View: ...


@overload
def idempotent(*, atomic: bool = ..., required: bool = ...) -> Callable[[View], View]: ...


def idempotent(view: Any = None, /, *, atomic: bool = True, required: bool = True) -> Any:
    """Do a request once for its `Idempotency-Key`, and give each repetition the same answer.

    For a method of an APIView or a ViewSet (above `@action`), or a function (below `@api_view`).

    - The view runs inside a transaction, in which its answer is kept: status, headers, body. An
      answer from 400 on, returned or raised, rolls it back and is not kept, so that a repetition
      runs again.
    - `atomic=False`: the view runs outside, because it asks other services first, and has its
      effect within `commit(request, ...)`.
    - `required=False`: a request without a key runs as if the view were not marked. Otherwise 400.
    - A key counts for one user and one method and path. With another body or query: 422. While the
      first request runs, another one waits for it, a few seconds (`RAMET_CALLS`), then gets 409.

    Effects and keys must share a database: that of `ramet.calls`, which must be installed.
    """

    def mark(function: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        if inspect.iscoroutinefunction(function):
            raise DiagnosticError(_asynchronous(function))

        @functools.wraps(function)
        def once(*args: Any, **kwargs: Any) -> HttpResponseBase:
            request = next(each for each in args if isinstance(each, Request))
            key = key_of(request)
            if key is None:
                if required:
                    raise KeyMissing
                return (
                    function(*args, **kwargs)
                    if atomic
                    else _without_key(request, lambda: function(*args, **kwargs))
                )
            pending = _Pending(request, key)
            if atomic:
                return pending.commit(lambda: function(*args, **kwargs))
            if (kept := pending.kept()) is not None:
                return kept
            setattr(request, _ATTRIBUTE, pending.commit)
            response = function(*args, **kwargs)
            if response.status_code < 400 and not pending.has_committed:
                raise RuntimeError(
                    f"{function.__qualname__} answered {response.status_code} without"
                    " ramet.idempotency.commit(request, ...): a repetition would have its effect"
                    " again. Have the effect within commit, and return what it gives."
                )
            return response

        return schema.with_header(once, required=required)

    return mark if view is None else mark(view)


def commit(request: Request, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Have the effect of a view marked `@idempotent(atomic=False)`, once, and keep its answer.

    `run` is called inside a transaction and returns the answer; an answer from 400 on, or whatever
    it raises, rolls it back. If a concurrent request with the same key was first, its answer is
    returned and `run` is not called. Raises KeyReused, KeyInUse, and RuntimeError elsewhere.
    """
    once = getattr(request, _ATTRIBUTE, None)
    if once is None:
        raise RuntimeError(
            "ramet.idempotency.commit() is for views marked @ramet.idempotent(atomic=False)."
        )
    response: HttpResponseBase = once(run)
    return response


class _NotKept(Exception):
    """Rolls back the transaction of an answer that had better have had no effect."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response


class _Pending:
    """A request with its key, before its effect."""

    def __init__(self, request: Request, key: str) -> None:
        from ramet.calls.models import StoredResult  # views may be imported before models can be

        user = request.user
        self.has_committed = False
        self._request = request
        self._using = router.db_for_write(StoredResult)
        self._row = StoredResult(
            operation=_scope(request),
            key=key,
            subject=str(user.pk) if user is not None and user.is_authenticated else "",
            fingerprint=fingerprint_of(request),
        )

    def kept(self) -> HttpResponseBase | None:
        """The answer to an earlier request, without waiting for one that is being worked on."""
        row = self._row
        same = (
            type(row)
            .objects.using(self._using)
            .filter(operation=row.operation, key=row.key, subject=row.subject)
        )
        found = same.first()
        if found is None or found.answer is None:
            return None
        if found.fingerprint != row.fingerprint:
            raise KeyReused
        return answers.restored(found.answer)

    def commit(self, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        """See `commit`."""
        from ramet.calls import idempotency

        self.has_committed = True
        try:
            with transaction.atomic(using=self._using):
                stored = self._claim()
                if stored.answer is not None:
                    return answers.restored(stored.answer)
                response = run()
                if response.status_code >= 400:
                    raise _NotKept(response)
                kept = answers.stored(response, self._request)
                idempotency.complete(stored, kept, self._using)
        except _NotKept as answer:
            return answer.response
        return response

    def _claim(self) -> Any:
        from ramet.calls import idempotency

        former = self._limit_waiting(_patience())
        try:
            stored = idempotency.claim(self._row, self._using)
        except idempotency.OtherRequest:
            raise KeyReused from None
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                raise KeyInUse from error
            raise
        if former is not None:
            self._limit_waiting(former)  # the view's own locks are its own affair
        return stored

    def _limit_waiting(self, limit: str) -> str | None:
        """Bound waits for locks in this transaction (PostgreSQL); returns the bound so far."""
        connection = connections[self._using]
        if connection.vendor != "postgresql":
            return None  # SQLite has one writer at a time: it waits as for any other
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            former: str = cursor.fetchone()[0]
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [limit])
        return former


def _patience() -> str:
    """How long a repetition waits for the first request, as PostgreSQL writes it."""
    left = context.remaining()
    seconds = float(options().wait_for_first)
    if left is not None:
        seconds = min(seconds, max(left, 0.0))
    return f"{int(seconds * 1000) + 1}ms"


def _scope(request: Request) -> str:
    """Method and path: elsewhere the same key is another. The names of operations have no space."""
    scope = f"{request.method} {request.path_info}"
    if len(scope) <= 255 and scope.isprintable():
        return scope
    digest = hashlib.sha256(scope.encode(errors="backslashreplace")).hexdigest()
    return f"{request.method} {digest}"


def _without_key(request: Request, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    from ramet.calls.models import StoredResult

    def plainly(run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        try:
            with transaction.atomic(using=router.db_for_write(StoredResult)):
                response = run()
                if response.status_code >= 400:
                    raise _NotKept(response)
        except _NotKept as answer:
            return answer.response
        return response

    setattr(request, _ATTRIBUTE, plainly)
    return view()


def _asynchronous(function: Callable[..., Any]) -> Mistake:
    return Mistake(
        "idempotent-async",
        f"{function.__module__}.{function.__qualname__}",
        "async def",
        "a plain method: the effect and its record share one database transaction",
        "write the view without async",
    )
