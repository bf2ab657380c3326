"""Calls between services: the same code, whether the callee lives in this process or elsewhere."""

from ramet.calls.caller import Caller, caller
from ramet.calls.client import client
from ramet.calls.contracts import Contract, operation
from ramet.calls.errors import (
    CallInsideTransaction,
    DeadlineExceeded,
    Forbidden,
    InvalidArgument,
    InvalidResult,
    RemoteError,
    RemoteFault,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from ramet.calls.fetching import Answer, fetch
from ramet.calls.implementations import implements
from ramet.calls.refusals import Refused
from ramet.calls.stand_ins import stand_in
from ramet.calls.values import Value

__all__ = [
    "Answer",
    "CallInsideTransaction",
    "Caller",
    "Contract",
    "DeadlineExceeded",
    "Forbidden",
    "InvalidArgument",
    "InvalidResult",
    "Refused",
    "RemoteError",
    "RemoteFault",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Value",
    "caller",
    "client",
    "fetch",
    "implements",
    "operation",
    "stand_in",
]
