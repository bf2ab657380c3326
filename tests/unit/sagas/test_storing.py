"""What cannot be written: it fails the attempt that made it, and never stops a run."""

import uuid
from collections.abc import Callable
from dataclasses import field

import pytest
from django.db import DataError, transaction

import ramet
from ramet.sagas import engine
from ramet.sagas.claims import Claim, advance
from ramet.sagas.engine import run_due
from ramet.sagas.failure import Failure
from ramet.sagas.models import SagaRun
from tests.unit.sagas.examples import Trip, calls, script

pytestmark = pytest.mark.django_db

Settle = Callable[[], None]


class Odd(Exception):
    def __init__(self, ratio: float, text: str) -> None:
        super().__init__(ratio, text)
        self.ratio, self.text = ratio, text


class Unprintable(Exception):
    def __init__(self) -> None:
        self.itself = self

    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __str__


def start() -> uuid.UUID:
    with transaction.atomic():
        return Trip.start(traveller=uuid.uuid4())


def finished(run_id: uuid.UUID) -> SagaRun:
    return SagaRun.objects.get(pk=run_id)


def test_a_failure_is_stored_in_words_that_every_database_takes() -> None:
    failure = Failure.of("pay", Odd(float("nan"), "a\0b\ud800"), refused=False)
    assert failure.fields == {"ratio": "nan", "text": "a\ufffdb\ufffd"}
    assert "\0" not in failure.message
    failure.message.encode()


def test_an_exception_that_cannot_be_shown_is_told_by_its_class(settle: Settle) -> None:
    script["reserve"] = [Unprintable() for _ in range(3)]
    run_id = start()
    settle()
    run = finished(run_id)
    assert run.status == "compensated"
    assert run.failure is not None
    assert run.failure["error"] == "Unprintable"


def test_the_message_of_a_failure_has_a_limit() -> None:
    assert len(Failure.of("pay", ValueError("x" * 10_000), refused=False).message) == 2_000


class Loose(ramet.Saga, version=1):
    ratio: float = 0.0
    text: str = ""
    prices: dict[str, list[float]] = field(default_factory=dict)

    @ramet.step(undo=None)
    def go(self) -> None: ...


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ratio", float("nan")),
        ("ratio", float("inf")),
        ("text", "a\0b"),
        ("text", "\ud800"),
        ("prices", {"a\0b": []}),
        ("prices", {"a": [0.5, float("nan")]}),
    ],
)
def test_a_field_that_no_database_takes_is_named(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"field {name}: .* which no database stores"):
        Loose.__ramet_saga__.state.encode({name: value})


def test_a_state_that_cannot_be_stored_fails_the_step_that_made_it(
    settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(trip: Trip) -> None:
        calls.append("reserve")
        trip.seen = ["a\0b"]

    monkeypatch.setattr(Trip, "reserve", spoil)
    run_id = start()
    settle()
    assert calls == ["open", *["reserve"] * 3, "release", "cancel"]
    assert finished(run_id).status == "compensated"


@pytest.mark.parametrize("error", [DataError("no"), TypeError("no"), ValueError("no")])
def test_what_a_database_refuses_for_another_reason_fails_the_attempt(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(held: Claim, *args: object, **facts: object) -> Claim | None:
        if facts["error"] != engine.UNWRITABLE and held.progress.position == 1:
            raise error
        return advance(held, *args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "advance", refuse)
    run_id = start()
    run_due("test")
    run_due("test")
    assert calls == ["open", "reserve"]
    run = finished(run_id)
    assert (run.status, run.attempts, run.holder) == ("running", 1, "")
    assert run.error == engine.UNWRITABLE
