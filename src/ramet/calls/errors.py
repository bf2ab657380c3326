"""How a call can fail: the same classes in process and over HTTP.

Each class stands for one code of the Connect protocol
(https://connectrpc.com/docs/protocol#error-codes), which is what crosses the wire. `Refused`, the
business "no", has typed fields and a module of its own.
"""

from typing import ClassVar

__all__ = [
    "CallInsideTransaction",
    "DeadlineExceeded",
    "Forbidden",
    "InvalidArgument",
    "InvalidResult",
    "RemoteError",
    "RemoteFault",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
]


class RemoteError(Exception):
    """Base of everything that a call raises because of the other side or the way there.

    `operation` is the full name of the operation whose caller sees this error, such as
    `shop.products.v1.Products.reserve`, and None where the error has not crossed a call yet.
    """

    code: ClassVar[str] = "unknown"
    retryable: ClassVar[bool] = False
    """Whether the very same call may succeed later. Repeating is still only safe for an operation
    that is idempotent, or with an idempotency key."""

    operation: str | None = None

    def __init__(self, message: str = "") -> None:
        super().__init__(message)

    @property
    def message(self) -> str:
        """What went wrong, for a person. Never the text of the callee's own exception."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        return f"{self.operation}: {self.message}" if self.operation else self.message


class Unavailable(RemoteError):
    """The callee, or its database, cannot be reached now. The operation may have had its effect."""

    code = "unavailable"
    retryable = True


class DeadlineExceeded(RemoteError):
    """The time given ran out. The operation may have had its effect, or still have it."""

    code = "deadline_exceeded"
    retryable = True


class Unauthenticated(RemoteError):
    """The token that came with the call is not valid: expired, forged or of another issuer."""

    code = "unauthenticated"


class Forbidden(RemoteError):
    """The user or service that calls may not do this. Django's PermissionDenied becomes this."""

    code = "permission_denied"


class Unimplemented(RemoteError):
    """The callee does not know this operation or this version; the message lists what it knows."""

    code = "unimplemented"


class InvalidArgument(RemoteError):
    """An argument has the wrong type, or the idempotency key was used with other arguments.

    An operation may raise it itself for an argument whose type is right and whose value is not.
    """

    code = "invalid_argument"

    path: str
    """Which argument, as `lines[0].quantity`; empty where the arguments as a whole are wrong."""
    problem: str

    def __init__(self, problem: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


class TooLarge(RemoteError):
    """The arguments need more than `protocol.LARGEST_REQUEST` bytes on the wire."""

    code = "resource_exhausted"


class InvalidResult(RemoteError):
    """The callee's answer does not fit the contract, such as a required field that is missing."""

    code = "data_loss"


class RemoteFault(RemoteError):
    """A bug in the callee. Its text stays in the callee's log, under `error_id`."""

    code = "internal"

    error_id: str

    def __init__(self, message: str = "", *, error_id: str = "") -> None:
        super().__init__(message or f"the operation failed; its log knows why, under {error_id}")
        self.error_id = error_id


class CallInsideTransaction(RuntimeError):
    """A call was made while a database transaction was open.

    A mistake at the call site, hence no RemoteError: the remote effect stays when the transaction
    rolls back, and locks are held while waiting for another service.
    """
