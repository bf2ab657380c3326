"""Implements the contract; effects are rows of a table that the tests create."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.utils import timezone, translation
from structlog.contextvars import get_contextvars

import ramet
from depot.contract import Depot, Everything, Full, Part
from ramet.calls import InvalidArgument, context
from ramet.identity import current_user

SINCE = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
IDS = [UUID(int=1), UUID(int=2)]


class NotInTheContract(ramet.Refused):
    """A refusal whose class no caller can import."""

    reason: str


def _record(label: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effects (label) VALUES (%s)", [label])
        cursor.execute("SELECT count(*) FROM effects WHERE label = %s", [label])
        return int(cursor.fetchone()[0])


class HeavyPart(Part):
    weight: int = 1


@ramet.implements(Depot)
class Storehouse:
    def echo(self, everything: Everything) -> Everything:
        return everything

    def pick(self, part: Part, count: int = 1, *, tags: list[str] = []) -> list[Part]:  # noqa: B006
        return [Part(part.sku, part.quantity, ",".join(tags) or part.note)] * count

    def mutate(self, numbers: list[int]) -> list[int]:
        numbers.append(4)
        return numbers

    def record(self, label: str, times: int = 1) -> int:
        return [_record(label) for _ in range(times)][-1]

    def record_freely(self, label: str) -> int:
        return _record(label)

    def record_and_refuse(self, label: str) -> None:
        _record(label)
        raise Full(label, Decimal("1.50"), SINCE, IDS)

    def record_and_crash(self, label: str) -> None:
        _record(label)
        raise RuntimeError("secret")

    def record_slowly(self, label: str, seconds: float) -> int:
        count = _record(label)
        time.sleep(seconds)
        return count

    def sleep(self, seconds: float) -> str:
        time.sleep(seconds)
        return "done"

    def remaining(self) -> float | None:
        return context.remaining()

    def ids(self) -> dict[str, str]:
        bound = get_contextvars()
        return {name: bound[name] for name in ("request_id", "traceparent") if name in bound}

    def locale(self, leave: str = "") -> list[str]:
        found = [translation.get_language() or "none", timezone.get_current_timezone_name()]
        if leave:
            translation.activate(leave)
            timezone.activate(ZoneInfo("Asia/Tokyo"))
        return found

    def idempotency_scope(self) -> str | None:
        scope = context.idempotency_scope.get()
        return scope.prefix if scope else None

    def whoami(self) -> str | None:
        user = current_user()
        return str(user.pk) if user.is_authenticated else None

    def weigh(self, weights: list[float | None]) -> list[float | None]:
        return [math.inf if weight == 1e308 else weight for weight in weights]

    def fail(self, how: str) -> Part:
        return _FAILURES[how]()  # type: ignore[no-any-return]


def _raising(error: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


_FAILURES: dict[str, Callable[[], Any]] = {
    "bug": _raising(ValueError("secret")),
    "forbidden": _raising(PermissionDenied("only for staff")),
    "database": _raising(OperationalError("secret")),
    "refused elsewhere": _raising(NotInTheContract(reason="odd")),
    "refused plainly": _raising(ramet.Refused("not today")),
    "own check": _raising(InvalidArgument("must be positive", path="how")),
    "unencodable result": object,
    "result lacks a field": lambda: {"sku": "A"},
    "result of a newer version": lambda: {"sku": "A", "quantity": 1, "colour": "red"},
    "result of a subclass": lambda: HeavyPart("A", 1),
    "result of a wrong type": lambda: {"sku": "A", "quantity": "many"},
}
