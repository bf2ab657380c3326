"""Operations that behave in every way that a call must carry over."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Literal
from uuid import UUID

import ramet


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Part(ramet.Value):
    sku: str
    quantity: int
    note: str | None = None


class Everything(ramet.Value):
    """One field of each type that crosses the wire."""

    amount: Decimal
    at: datetime
    day: date
    hour: time
    span: timedelta
    id: UUID
    colour: Colour
    text: str
    number: int
    ratio: float
    flag: bool
    raw: bytes
    kind: Literal["a", "b"]
    maybe: Part | None
    parts: list[Part]
    pair: tuple[int, str]
    names: set[str]
    by_name: dict[str, Decimal]
    by_id: dict[UUID, Part]
    tree: "Node"


class Node(ramet.Value):
    name: str
    children: "list[Node]" = []


class Full(ramet.Refused):
    """Nothing more fits in."""

    label: str
    limit: Decimal
    since: datetime
    ids: list[UUID]


class Depot(ramet.Contract, version=1):
    @ramet.operation(deadline="5s", idempotent=True)
    def echo(self, everything: Everything) -> Everything:
        """What was sent."""

    @ramet.operation(deadline="5s", idempotent=True)
    def pick(self, part: Part, count: int = 1, *, tags: list[str] = []) -> list[Part]:  # noqa: B006
        """The part `count` times, its note made of the tags."""

    @ramet.operation(deadline="5s")
    def mutate(self, numbers: list[int]) -> list[int]:
        """Append to the list that came, and return it."""

    @ramet.operation(deadline="5s")
    def record(self, label: str, times: int = 1) -> int:
        """Write an effect; return how many there are with this label."""

    @ramet.operation(deadline="5s", atomic=False)
    def record_freely(self, label: str) -> int:
        """As `record`, but without a stored result."""

    @ramet.operation(deadline="5s")
    def record_and_refuse(self, label: str) -> None:
        """Write an effect, then raise Full."""

    @ramet.operation(deadline="5s")
    def record_and_crash(self, label: str) -> None:
        """Write an effect, then fail with a bug."""

    @ramet.operation(deadline="5s")
    def record_slowly(self, label: str, seconds: float) -> int:
        """Write an effect, sleep with the transaction open; return the number of effects."""

    @ramet.operation(deadline="200ms")
    def sleep(self, seconds: float) -> str:
        """Take longer than the deadline allows, if asked to."""

    @ramet.operation(deadline="5s")
    def remaining(self) -> float | None:
        """The seconds that the operation sees left."""

    @ramet.operation(deadline="5s")
    def ids(self) -> dict[str, str]:
        """The request's and the trace's id as the operation sees them."""

    @ramet.operation(deadline="5s")
    def locale(self, leave: str = "") -> list[str]:
        """The language and the time zone that are active; leave others so, if told which."""

    @ramet.operation(deadline="5s")
    def idempotency_scope(self) -> str | None:
        """The prefix of a scope that the operation would make calls in."""

    @ramet.operation(deadline="5s")
    def whoami(self) -> str | None:
        """The subject of the user who calls."""

    @ramet.operation(deadline="5s")
    def weigh(self, weights: list[float | None]) -> list[float | None]:
        """Return them."""

    @ramet.operation(deadline="5s")
    def fail(self, how: str) -> Part:
        """Fail in the way of this name."""


class DepotV9(ramet.Contract, version=9, name="Depot"):
    """A version that some callers know, and that no service implements."""

    @ramet.operation
    def echo(self, text: str) -> str:
        """Never served."""


class Unplaced(ramet.Contract, version=1):
    """Nobody implements it."""

    @ramet.operation
    def nothing(self) -> None:
        """Never served."""
