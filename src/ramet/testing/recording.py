"""Which models each request and each test reads and writes in one transaction, as JSON lines.

What two services could not do any more after a split, a monolith's tests do today: write two
models in one transaction. `ramet assess --trace FILE` reads what is recorded here. It needs Django
and nothing else of Ramet.

Each line is one transaction, or one statement outside of any (`is_atomic` false); equal ones of a
request or test are one line with `times`. The transactions in which test cases wrap themselves are
not the project's, so they do not count; what they hold is taken as if they were not there.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.transaction import Atomic

from ramet.testing.statements import tables_of

__all__ = ["Recorder", "recording"]

_DJANGO = str(Path(django.__file__).parent)
_STANDARD = sysconfig.get_paths()["stdlib"]
_HERE = __file__


@dataclass(frozen=True)
class _Place:
    """Where a transaction begins: the nearest line that is neither Django's nor Python's.

    `is_direct` tells that this line itself says `atomic`, and not Django on its behalf.
    """

    file: str
    line: int
    is_direct: bool


@dataclass
class _Transaction:
    place: _Place | None
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    is_committed: bool = True


@dataclass
class _Unit:
    """A request or a test while it runs. A test's requests are units of their own."""

    test: str | None
    request: str | None = None
    view: str | None = None
    times: dict[str, int] = field(default_factory=dict)


_unit: ContextVar[_Unit | None] = ContextVar("ramet_recorded_unit", default=None)


@contextlib.contextmanager
def recording(path: Path, *, is_first: bool = True) -> Iterator[Recorder]:
    """Record into `path` while inside; `is_first` begins the file anew.

    Several processes may append to one file: each line is one write.
    """
    if is_first:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    recorder = Recorder(path)
    with recorder.installed():
        yield recorder


class Recorder:
    """Listens to every connection of this process while `installed`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = os.getcwd() + os.sep
        self._open: dict[int, _Transaction] = {}
        self._labels: dict[str, str] | None = None

    @contextlib.contextmanager
    def test(self, name: str) -> Iterator[None]:
        """What happens inside belongs to this test, unless to one of its requests."""
        with self._running(_Unit(test=name)):
            yield

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Wrap what Django offers no hook for (the ends of a transaction), and unwrap it after."""
        with (
            _replaced(Atomic, "__enter__", self._entering),
            _replaced(Atomic, "__exit__", self._leaving),
            _replaced(BaseHandler, "get_response", self._answering),
            _replaced(BaseHandler, "get_response_async", self._answering_async),
        ):
            connection_created.connect(self._connected, weak=False, dispatch_uid=_HERE)
            for connection in connections.all(initialized_only=True):
                self._connected(connection=connection)
            try:
                yield
            finally:
                connection_created.disconnect(dispatch_uid=_HERE)
                for connection in connections.all(initialized_only=True):
                    if self._executing in connection.execute_wrappers:
                        connection.execute_wrappers.remove(self._executing)

    # Statements

    def _connected(self, *, connection: Any, **_: Any) -> None:
        if self._executing not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._executing)

    def _executing(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        result = execute(sql, params, many, context)
        unit = _unit.get()
        if unit is not None:
            reads, writes = (self._models(each) for each in tables_of(str(sql)))
            if reads or writes:
                self._take(unit, context["connection"], reads, writes)
        return result

    def _take(self, unit: _Unit, connection: Any, reads: set[str], writes: set[str]) -> None:
        transaction = self._open.get(_outermost(connection) or 0)
        if transaction is not None:
            transaction.reads |= reads
            transaction.writes |= writes
        else:
            self._keep(unit, _Transaction(None, reads, writes), is_atomic=False)

    def _models(self, tables: frozenset[str]) -> set[str]:
        if self._labels is None:
            self._labels = {
                each._meta.db_table: each._meta.label
                for each in apps.get_models(include_auto_created=True)
                if not each._meta.proxy
            }
        return {self._labels[each] for each in tables if each in self._labels}

    # Transactions

    def _entering(self, enter: Callable[..., Any], atomic: Atomic) -> Any:
        result = enter(atomic)
        connection = connections[atomic.using or "default"]
        key = _outermost(connection)
        if key is not None and key not in self._open and _unit.get() is not None:
            self._open[key] = _Transaction(self._place())
        return result

    def _leaving(self, leave: Callable[..., Any], atomic: Atomic, *exception: Any) -> Any:
        connection = connections[atomic.using or "default"]
        key = _outermost(connection)
        is_end = len(_own_blocks(connection)) == 1
        transaction = self._open.pop(key, None) if key is not None and is_end else None
        unit = _unit.get()
        if transaction is None or unit is None:
            return leave(atomic, *exception)
        is_doomed = connection.needs_rollback or exception[0] is not None
        try:
            result = leave(atomic, *exception)
        except BaseException:  # a deferred constraint, a lost connection
            is_doomed = True
            raise
        finally:
            transaction.is_committed = not is_doomed
            self._keep(unit, transaction, is_atomic=True)
        return result

    def _place(self) -> _Place | None:
        """Walk up from `atomic` to the project's own line; of a decorator, to what it decorates."""
        frame = sys._getframe(1)
        is_direct = True
        while frame is not None:
            code = frame.f_code
            file, line = code.co_filename, frame.f_lineno
            if code.co_name == "inner" and file.startswith(_STANDARD):
                decorated = getattr(frame.f_locals.get("func"), "__code__", code)
                file, line = decorated.co_filename, decorated.co_firstlineno
            if file.startswith(_DJANGO):
                is_direct = is_direct and frame.f_code.co_name in ("__enter__", "inner")
            elif file != _HERE and ("site-packages" in file or not file.startswith(_STANDARD)):
                return _Place(self._shown(file), line, is_direct)
            frame = frame.f_back  # type: ignore[assignment]
        return None

    def _shown(self, file: str) -> str:
        """From where the tests run, or within the folder of packages: never a machine's path."""
        _, _, within = file.rpartition(f"site-packages{os.sep}")
        if within != file:
            return within.replace(os.sep, "/")
        return file.removeprefix(self._root).replace(os.sep, "/")

    # Units

    def _answering(self, answer: Callable[..., Any], handler: Any, request: Any) -> Any:
        with self._request(request):
            return answer(handler, request)

    async def _answering_async(self, answer: Callable[..., Any], handler: Any, request: Any) -> Any:
        with self._request(request):
            return await answer(handler, request)

    @contextlib.contextmanager
    def _request(self, request: Any) -> Iterator[None]:
        around = _unit.get()
        unit = _Unit(test=around.test if around else None, request=f"{request.method} ?")
        with self._running(unit, lambda: _name(unit, request)):
            yield

    @contextlib.contextmanager
    def _running(self, unit: _Unit, finish: Callable[[], None] = lambda: None) -> Iterator[None]:
        token = _unit.set(unit)
        try:
            yield
        finally:
            _unit.reset(token)
            finish()
            self._write(unit)

    def _keep(self, unit: _Unit, transaction: _Transaction, *, is_atomic: bool) -> None:
        if not (transaction.reads or transaction.writes):
            return
        place = transaction.place
        said = json.dumps(
            {
                "is_atomic": is_atomic,
                "is_committed": transaction.is_committed,
                "reads": sorted(transaction.reads),
                "writes": sorted(transaction.writes),
                "file": place.file if place else "",
                "line": place.line if place else 0,
                "is_direct": place.is_direct if place else False,
            }
        )
        unit.times[said] = unit.times.get(said, 0) + 1

    def _write(self, unit: _Unit) -> None:
        about = {"test": unit.test, "request": unit.request, "view": unit.view}
        lines = [
            json.dumps({**about, **json.loads(said), "times": times}) + "\n"
            for said, times in unit.times.items()
        ]
        if lines:
            with self._path.open("ab", buffering=0) as file:
                file.write("".join(lines).encode())


def _name(unit: _Unit, request: Any) -> None:
    """By the route, not the path: one URL pattern is one kind of request."""
    match = getattr(request, "resolver_match", None)
    if match is not None:
        route = match.route.replace("^", "").removesuffix("$").removesuffix(r"\Z")
        unit.request = f"{request.method} /{route}"
        unit.view = match._func_path


def _own_blocks(connection: Any) -> list[Atomic]:
    """The transaction's blocks, the outermost first, without those that a test case opened."""
    blocks = connection.atomic_blocks
    return [each for each in blocks if not getattr(each, "_from_testcase", False)]


def _outermost(connection: Any) -> int | None:
    """What one transaction is known by while it is open: its connection and its first block."""
    blocks = _own_blocks(connection)
    return hash((id(connection), id(blocks[0]))) if blocks else None


@contextlib.contextmanager
def _replaced(owner: Any, name: str, around: Callable[..., Any]) -> Iterator[None]:
    """`owner.name(self, ...)` becomes `around(original, self, ...)`."""
    original = getattr(owner, name)

    def instead(self: Any, *args: Any) -> Any:
        return around(original, self, *args)

    setattr(owner, name, instead)
    try:
        yield
    finally:
        setattr(owner, name, original)
