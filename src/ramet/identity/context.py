"""The caller of the work that this thread is doing, so that a call can forward the token.

A context variable, not a thread local: generators and asyncio tasks inherit it, and `use_token`
nests. Whoever serves requests binds it for each (`use_token(None)` where no token came), so that a
reused thread never sees the caller before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ramet.identity.claims import Claims
from ramet.identity.tokens import verify
from ramet.identity.user import Anonymous, User

__all__ = ["bind", "clear", "current_token", "current_user", "use_token"]

_caller: ContextVar[User | Anonymous] = ContextVar("ramet_caller")
_ANONYMOUS = Anonymous()


def current_user() -> User | Anonymous:
    """Who the current work is done for; `Anonymous` outside requests, in handlers and sagas."""
    return _caller.get(_ANONYMOUS)


def current_token() -> str | None:
    """The raw access token of `current_user()`, for the Authorization header of a call."""
    caller = current_user()
    return caller.claims.token if isinstance(caller, User) else None


@contextmanager
def use_token(token: str | None) -> Iterator[User | Anonymous]:
    """Do the block's work for the holder of `token`, verified first; `None`: for nobody.

    Raises InvalidToken before the block is entered. The caller before is back afterwards.
    """
    caller = User(verify(token)) if token is not None else _ANONYMOUS
    previous = _caller.set(caller)
    try:
        yield caller
    finally:
        _caller.reset(previous)


def bind(claims: Claims) -> User:
    """Make the holder of verified `claims` the caller until `clear()`.

    For code that sees a request begin but not end, such as a DRF authentication class.
    """
    user = User(claims)
    _caller.set(user)
    return user


def clear(**_: Any) -> None:
    """Forget the caller. Connected to Django's request_started and request_finished."""
    _caller.set(_ANONYMOUS)
