"""`stand_in`: another implementation of a contract for the time of a test of one of its callers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from ramet.calls import implementations
from ramet.calls.client import stub_of
from ramet.calls.contracts import Contract
from ramet.errors import DiagnosticError
from ramet.placement import here

__all__ = ["stand_in"]


@contextmanager
def stand_in(contract: type[Contract], implementation: object) -> Iterator[None]:
    """Answer the contract's calls with `implementation`, in this process, wherever it is placed.

    A class, of which each call gets an instance as in `implements`, or one instance for all calls,
    which a test may ask afterwards what it was called with. Arguments, results, errors and
    deadlines are those of any call. For the whole process, hence for one test at a time. Raises
    DiagnosticError when it lacks an operation or takes other arguments than the contract declares.
    """
    is_class = isinstance(implementation, type)
    kind = implementation if isinstance(implementation, type) else type(implementation)
    mistakes = list(implementations.differences(contract, kind))
    if mistakes:
        raise DiagnosticError(*mistakes)
    stub = stub_of(contract)
    attached, place = implementations._implementations, here()
    former, route = attached.get(contract), stub._route
    attached[contract] = kind if is_class else cast("type", lambda: implementation)
    stub._route = (place, None)
    try:
        yield
    finally:
        stub._route = route
        if former is None:
            del attached[contract]
        else:
            attached[contract] = former
