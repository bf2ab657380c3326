"""Sagas that the tests run: their steps do what `script` says and leave a trace in `calls`."""

from collections import defaultdict
from dataclasses import field
from uuid import UUID

import ramet
from ramet.calls import Refused

calls: list[str] = []
"""The names of the methods that were called, in order."""

script: dict[str, list[BaseException]] = defaultdict(list)
"""What the next calls of a method raise; a method with an empty list succeeds."""


class OutOfStock(Refused):
    sku: str


def play(name: str) -> None:
    calls.append(name)
    if script[name]:
        raise script[name].pop(0)


class Trip(ramet.Saga, version=1, key="traveller"):
    traveller: UUID
    total: int | None = None
    seen: list[str] = field(default_factory=list)

    @ramet.step(undo="cancel", atomic=True)
    def open(self) -> None:
        play("open")

    def cancel(self) -> None:
        play("cancel")
        if self.failure:
            self.seen = [*self.seen, f"{self.failure.step}:{self.failure.error}"]

    @ramet.step(undo="release", attempts=3)
    def reserve(self) -> None:
        self.total = 12
        play("reserve")

    def release(self) -> None:
        play("release")

    @ramet.step(undo=None)
    def look(self) -> None:
        play("look")

    @ramet.step(undo="void", attempts=2, timeout="30s")
    def pay(self) -> None:
        play("pay")

    def void(self) -> None:
        play("void")

    @ramet.step(atomic=True, pivot=True)
    def decide(self) -> None:
        play("decide")

    @ramet.step
    def send(self) -> None:
        play("send")


class TripV2(ramet.Saga, name="Trip", version=2):
    """The next version of Trip, while runs of version 1 are still under way."""

    traveller: UUID

    @ramet.step(atomic=True)
    def fly(self) -> None:
        play("fly")


class Purchase(ramet.Saga, version=1):
    """Its pivot is a call that nothing takes back."""

    @ramet.step(undo="release")
    def reserve(self) -> None:
        play("reserve")

    def release(self) -> None:
        play("release")

    @ramet.step(pivot=True)
    def capture(self) -> None:
        play("capture")
