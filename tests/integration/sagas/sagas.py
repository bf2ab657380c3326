"""Sagas whose methods leave rows behind, by themselves or in the transaction of the run."""

import os
import threading
import time

import ramet
from ramet.calls import Refused
from tests.integration.sagas.models import Effect

gate = threading.Event()
"""Slow journeys wait here."""


class NoWay(Refused):
    pass


class Unwritable(Exception):
    def __init__(self, message: str, ratio: float) -> None:
        super().__init__(message)
        self.ratio = ratio


class Journey(ramet.Saga, version=1):
    """A local step, two that stand for calls, a local pivot, one more call, and a local end."""

    refuse: bool = False

    @ramet.step(undo="close", atomic=True)
    def open(self) -> None:
        self._record("open")

    def close(self) -> None:
        self._record("close")

    @ramet.step(undo="release")
    def reserve(self) -> None:
        self._call("reserve")

    def release(self) -> None:
        self._call("release")

    @ramet.step(undo="void")
    def authorise(self) -> None:
        self._call("authorise")

    def void(self) -> None:
        self._call("void")

    @ramet.step(atomic=True, pivot=True)
    def decide(self) -> None:
        if self.refuse:
            raise NoWay
        self._record("decide")

    @ramet.step
    def capture(self) -> None:
        self._call("capture")

    @ramet.step(atomic=True)
    def confirm(self) -> None:
        self._record("confirm")

    def _record(self, method: str) -> None:
        Effect.objects.create(run=self.run_id, method=method)

    def _call(self, method: str) -> None:
        """As an idempotent operation of another service does: commits by itself, has one effect."""
        key = f"{self.run_id}/{method}"
        Effect.objects.get_or_create(
            idempotency_key=key, defaults={"run": self.run_id, "method": method}
        )


class Poison(ramet.Saga, version=1):
    """Its errors, and its state in the second step, are nothing that PostgreSQL can store."""

    stage: int = 1
    ratio: float = 0.0

    @ramet.step(undo="release", attempts=2)
    def reserve(self) -> None:
        Effect.objects.create(run=self.run_id, method="reserve")
        if self.stage == 1:
            raise Unwritable("a\0b\ud800", float("nan"))
        self.ratio = float("nan")

    def release(self) -> None:
        Effect.objects.create(run=self.run_id, method="release")


class Leaver(ramet.Saga, version=1):
    """Its step wants to end its thread."""

    @ramet.step(undo=None, attempts=1)
    def leave(self) -> None:
        raise SystemExit(3)


class Slow(ramet.Saga, version=1):
    """Stays in its only step until the gate opens."""

    @ramet.step(undo=None)
    def wait(self) -> None:
        gate.wait(30)


class Nap(ramet.Saga, version=1):
    """Sleeps a second in its first step."""

    @ramet.step(undo=None)
    def sleep(self) -> None:
        time.sleep(1)

    @ramet.step(undo=None)
    def rise(self) -> None:
        pass


class Word(ramet.Value):
    text: str


class Errand(ramet.Saga, version=1, key="name"):
    """Waits for a word for an hour, and then remembers which it was."""

    name: str

    @ramet.step(undo=None, atomic=True)
    def ask(self) -> None:
        Effect.objects.create(run=self.run_id, method="ask")

    @ramet.step(atomic=True, wait="1h")
    def answered(self, word: Word | None) -> None:
        said = "nothing" if word is None else word.text
        Effect.objects.create(run=self.run_id, method=f"heard {said}")


DEPLOYED = os.environ.get("SAGA_TEST_VERSIONS", "1 2").split()
"""Which versions of Voyage this code has."""

if "1" in DEPLOYED:

    class VoyageOfOld(ramet.Saga, name="Voyage", version=1, key="name"):
        """How voyages went before the deploy."""

        name: str

        @ramet.step(undo=None, atomic=True)
        def board(self) -> None:
            Effect.objects.create(run=self.run_id, method="board")

        @ramet.step(undo=None, atomic=True, wait="1h")
        def sail(self, word: Word | None) -> None:
            Effect.objects.create(run=self.run_id, method="sail")

        @ramet.step(atomic=True)
        def dock(self) -> None:
            Effect.objects.create(run=self.run_id, method="dock")


if "2" in DEPLOYED:

    class Voyage(ramet.Saga, version=2, key="name"):
        """How they go now."""

        name: str

        @ramet.step(atomic=True)
        def fly(self) -> None:
            Effect.objects.create(run=self.run_id, method="fly")
